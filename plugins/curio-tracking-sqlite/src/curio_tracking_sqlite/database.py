"""The database: one connection to the file, opened when needed, for transactions that wait no longer than they may.

`reading`, `writing` and `outside` are the only ways to the connection, and turn SQLite's errors into ones that say what
to do. They see that the file is still the same one, and that this process is still the one that opened it.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from contextlib import contextmanager, suppress
from threading import Lock, RLock, local
from typing import TYPE_CHECKING
from urllib.parse import quote
from weakref import ref

from curio_tracking_sqlite import forks, schema
from curio_tracking_sqlite.failures import busy, is_busy, storage_error
from curio_tracking_sqlite.place import identity_of, make_file
from curio_tracking_sqlite.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from curio_tracking_sqlite.place import Identity

_opening = Lock()
"""Held while a file is made and opened: closing the new file's descriptor drops the locks of its connections."""


class Database:
    """The file `path`; constructing it touches no disk."""

    def __init__(self, path: Path, *, busy_seconds: float = 5.0, is_durable: bool = False) -> None:
        """Args: the file; the longest wait for other processes; whether a commit must survive a loss of power."""
        self.path = path.absolute()
        self.busy_seconds = busy_seconds
        self._is_durable = is_durable
        self._turn = RLock()
        self._users = 0
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._of_thread = local()
        forks.enroll(self)

    def __del__(self) -> None:
        if self._connection is not None and not sys.is_finalizing():
            self.close()

    @property
    def is_open(self) -> bool:
        """Whether the file is open at the moment."""
        return self._connection is not None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Give a connection that sees one state of the store until the end; None if there is no store yet.

        Raises:
            StorageError: the file cannot be read.
        """
        with self._used(is_needed=False) as connection:
            if connection is None or connection.in_transaction:
                yield connection
            else:
                with transaction(connection, "BEGIN"):
                    yield connection

    @contextmanager
    def writing(self, *, is_needed: bool = True) -> Iterator[sqlite3.Connection | None]:
        """Give a connection whose changes are all kept at the end, or none of them after an exception.

        Args:
            is_needed: whether to make the store if there is none; else None is given.

        Raises:
            StorageError: the file cannot be written; nothing was changed.
        """
        with self._used(is_needed=is_needed) as connection:
            if connection is None:
                yield None
            else:
                with transaction(connection, "BEGIN IMMEDIATE"):
                    yield connection

    @contextmanager
    def outside(self, *, is_needed: bool = False) -> Iterator[sqlite3.Connection | None]:
        """Give a connection without a transaction, for statements that cannot be in one; None if there is no store.

        Raises:
            StorageError: SQLite cannot do what is asked.
        """
        with self._used(is_needed=is_needed) as connection:
            yield connection

    def close(self) -> None:
        """Close the connection, if there is one of this process. The next question opens another."""
        forks.check_process()
        with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()

    # -- forks ------------------------------------------------------------------------------------------------------

    def close_before_fork(self, patience_seconds: float) -> None:
        """See `forks.Forkable`."""
        if self._turn.acquire(timeout=patience_seconds):
            try:
                if not self._users:
                    self.close()
            finally:
                self._turn.release()

    def renew_after_fork(self) -> Path | None:
        """See `forks.Forkable`."""
        global _opening
        _opening = Lock()
        connection, self._connection = self._connection, None
        was_in_use = connection is not None or self._users > 0
        self._turn, self._users = RLock(), 0
        if connection is not None:
            _never_close(connection)
        return self.path if was_in_use else None

    # -- the connection ---------------------------------------------------------------------------------------------

    @contextmanager
    def _used(self, *, is_needed: bool) -> Iterator[sqlite3.Connection | None]:
        forks.check(self.path)
        deadline = time.monotonic() + self.busy_seconds
        if not self._turn.acquire(timeout=self.busy_seconds):
            raise busy(self.path, self.busy_seconds)
        self._users += 1
        try:
            yield self._current(deadline, is_needed=is_needed)
        except sqlite3.Error as error:
            self._give_up(error)
            raise storage_error(error, self.path, self.busy_seconds) from error
        finally:
            self._users -= 1
            if not self._users and forks.is_forking():
                self.close()
            self._turn.release()

    def _give_up(self, error: sqlite3.Error) -> None:
        """Open the file anew next time, unless others only have to finish: whatever is wrong may be put right then."""
        if self._users == 1 and not is_busy(error):
            self.close()

    def _current(self, deadline: float, *, is_needed: bool) -> sqlite3.Connection | None:
        identity = identity_of(self.path)
        if self._users > 1:
            return self._connection
        if self._connection is not None and identity != self._identity:
            self.close()  # the file was removed or replaced: what is written to the old one nobody would find
        if self._connection is None:
            if identity is None and not is_needed:
                return None
            self._connection = self._open(deadline, is_needed=is_needed)
            if not hasattr(self._of_thread, "closing"):
                self._of_thread.closing = _Closing(self)
        if self._connection is not None:
            _wait_until(self._connection, deadline)
        return self._connection

    def _open(self, deadline: float, *, is_needed: bool) -> sqlite3.Connection | None:
        with _opening:
            if is_needed:
                make_file(self.path, is_durable=self._is_durable)
            self._identity = identity_of(self.path)
            connection = sqlite3.connect(
                f"file:{quote(os.fsencode(self.path))}?mode=rw",
                uri=True,
                isolation_level=None,
                check_same_thread=False,  # one at a time: `_turn`
            )
        try:
            _wait_until(connection, deadline)
            with transaction(connection, "BEGIN"):
                is_ready = schema.is_ready(connection, self.path)
            if not is_ready and not is_needed:
                connection.close()
                return None
            schema.configure(connection, is_durable=self._is_durable)
            if is_ready:
                schema.keep_log(connection, self.path, deadline)
            else:
                schema.create(connection, self.path, deadline)
        except BaseException:
            connection.close()
            raise
        return connection


class _Closing:
    """Closes a database's connection when the thread that has opened it ends.

    The tracker ends its writer's thread before each fork. A fork that began before this distribution was imported, on
    that very thread, calls none of the functions that `forks` has registered meanwhile to close connections.
    """

    def __init__(self, database: Database) -> None:
        self._database = ref(database)

    def __del__(self) -> None:
        database = self._database()
        if database is not None and not sys.is_finalizing():
            database.close()


def _never_close(connection: sqlite3.Connection) -> None:
    """Keep a connection of the parent's from being closed here, not even when the interpreter ends.

    That would be as wrong as using it, and wait forever for a lock that was held at the fork.
    """
    from ctypes import py_object, pythonapi  # late: hardly any process ever needs it

    pythonapi.Py_IncRef(py_object(connection))


def _wait_until(connection: sqlite3.Connection, deadline: float) -> None:
    """Let SQLite wait for locks until the deadline, not for so long at each of them."""
    milliseconds = max(0, int((deadline - time.monotonic()) * 1000))
    connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
