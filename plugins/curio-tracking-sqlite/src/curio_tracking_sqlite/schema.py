"""The tables and indexes, the number of their form, and how a file is told from those of other programs.

The form has its number in SQLite's `user_version`, the file its owner in `application_id`. A file with a higher number
or another owner is refused before anything is changed.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Final

from curio_tracking.records import RECORD_FIELDS
from curio_tracking_sqlite.failures import ForeignError, is_busy, unusable
from curio_tracking_sqlite.rows import INTEGERS, REALS, REQUIRED
from curio_tracking_sqlite.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


APPLICATION_ID: Final = 0x43757230
"""`Cur0`, in the header of each of our files."""
VERSION: Final = 1
BY_ID: Final = "records_by_id"
BY_TIME: Final = "records_by_time"
BY_FEATURE: Final = "records_by_feature"
BY_CATEGORY: Final = "records_by_category"
BY_STATUS: Final = "records_by_status"
BY_USER: Final = "records_by_user"
OLDEST_SQLITE: Final = (3, 24, 0)
"""The first version that has `ON CONFLICT`."""
_SECONDS_BETWEEN_TRIES: Final = 0.02
_MOST_LOG_BYTES: Final = 16 * 1024 * 1024
"""What is left of the write-ahead log once it was taken over into the database."""

_LOG_PAGES: Final = 4_000
"""Pages of the log that are taken over together: with a quarter of that, appending takes a third longer."""
_CACHE_KB: Final = 8_192

_INDEXES: Final = {
    BY_TIME: "start_us",
    BY_FEATURE: "feature_name, start_us",
    BY_CATEGORY: "category, start_us",
    BY_STATUS: "status, start_us",
    BY_USER: "user_id, start_us",
}
_OTHER_TABLES: Final = (
    """CREATE TABLE features (
        feature_name TEXT NOT NULL, category TEXT NOT NULL, location TEXT, PRIMARY KEY (feature_name, category)
    ) WITHOUT ROWID""",
    # see `days` for what they mean
    """CREATE TABLE days (
        day INTEGER PRIMARY KEY, through_id INTEGER NOT NULL, is_complete INTEGER NOT NULL, is_retired INTEGER NOT NULL,
        sketches TEXT NOT NULL, revision BLOB NOT NULL
    )""",
    """CREATE TABLE totals (
        day INTEGER NOT NULL, feature_name TEXT NOT NULL, category TEXT NOT NULL, status TEXT NOT NULL,
        app TEXT, version TEXT, environment TEXT,
        weight REAL, duration REAL, min_duration REAL, max_duration REAL, first_us INTEGER, last_us INTEGER,
        efficiency REAL, efficiency_weight REAL, input_size REAL, input_weight REAL,
        output_size REAL, output_weight REAL, iterations REAL, first_bin INTEGER, durations BLOB, users TEXT
    )""",
    "CREATE INDEX totals_by_day ON totals (day)",
)


def is_ready(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file has our tables; False for an empty one.

    Args:
        connection: in a transaction: another process may be making the tables in this moment.
        path: the file, for messages.

    Raises:
        ForeignError: it is another program's, or of a newer version. sqlite3.Error: it cannot be read.
    """
    if _pragma(connection, "application_id") != APPLICATION_ID:
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if objects or _pragma(connection, "user_version"):
            raise ForeignError(
                f"{path} is the database of another program, so it is left alone; "
                f"name another file with FEATURE_TRACKING_SQLITE__PATH"
            )
        return False
    version = _pragma(connection, "user_version")
    if version > VERSION:
        raise ForeignError(
            f"{path} has the form {version} of a newer curio-tracking-sqlite, and this one knows forms up to "
            f"{VERSION}: upgrade it (pip install --upgrade curio-tracking-sqlite); nothing was changed"
        )
    return True


def create(connection: sqlite3.Connection, path: Path, deadline: float) -> None:
    """Make the tables in an empty file, unless another process does so in this moment.

    Args:
        connection: in autocommit mode.
        path: the file, for messages.
        deadline: until when others are waited for, on the monotonic clock.

    Raises:
        sqlite3.Error: the file cannot be written, or is locked for longer.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise unusable(path, f"this Python has SQLite {sqlite3.sqlite_version}, and {needed} is needed")
    # only before the first table, and before the log: so that pages can be given back to the file system
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    keep_log(connection, path, deadline)
    with transaction(connection, "BEGIN IMMEDIATE"):
        if not is_ready(connection, path):
            for statement in _statements():
                connection.execute(statement)


def keep_log(connection: sqlite3.Connection, path: Path, deadline: float) -> None:
    """Let the database keep a write-ahead log, so that readers and a writer do not wait for each other.

    Raises:
        DataDirError: the file system cannot do that. sqlite3.Error: others lock the file until the deadline.
    """
    if _mode(connection, "PRAGMA journal_mode") == "wal":
        return
    while True:
        # SQLite does not always wait by itself here: two processes that both change the mode would wait for each other
        try:
            mode = _mode(connection, "PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_SECONDS_BETWEEN_TRIES)
            continue
        if mode != "wal":
            raise unusable(path, f"no write-ahead log can be kept there (journal mode {mode}), as on network drives")
        return


def configure(connection: sqlite3.Connection, *, is_durable: bool) -> None:
    """Set what a connection forgets when it is closed.

    Args:
        connection: new.
        is_durable: whether a committed batch must survive a loss of power. With a write-ahead log, NORMAL keeps the
            database whole then, but may roll back the last transactions; FULL syncs the log at each commit.
    """
    connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten, not only forgotten
    connection.execute("PRAGMA trusted_schema = OFF")  # a file that somebody else has made runs no functions
    connection.execute(f"PRAGMA journal_size_limit = {_MOST_LOG_BYTES}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}").fetchall()
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")


def _statements() -> Iterator[str]:
    fields = ", ".join(f"{name} {_kind(name)}" for name in RECORD_FIELDS)
    # AUTOINCREMENT: an id never comes again, which is what tells late records of a counted day from counted ones
    yield f"CREATE TABLE records (id INTEGER PRIMARY KEY AUTOINCREMENT, {fields})"
    yield f"CREATE UNIQUE INDEX {BY_ID} ON records (record_id)"
    for name, columns in _INDEXES.items():
        yield f"CREATE INDEX {name} ON records ({columns})"
    yield from _OTHER_TABLES
    yield f"PRAGMA application_id = {APPLICATION_ID}"
    yield f"PRAGMA user_version = {VERSION}"


def _kind(name: str) -> str:
    kind = "INTEGER" if name in INTEGERS else "REAL" if name in REALS else "TEXT"
    return f"{kind} NOT NULL" if name in REQUIRED else kind


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _mode(connection: sqlite3.Connection, statement: str) -> str:
    (mode,) = connection.execute(statement).fetchone()
    return str(mode).lower()
