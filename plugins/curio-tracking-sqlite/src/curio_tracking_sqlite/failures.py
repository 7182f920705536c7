"""Failures: what an error of SQLite means for the user: what is wrong, with which file, and what to do."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import DataDirError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

PATH_VARIABLE: Final = "FEATURE_TRACKING_SQLITE__PATH"
BUSY_VARIABLE: Final = "FEATURE_TRACKING_SQLITE__BUSY_SECONDS"

_PRIMARY: Final = 0xFF
"""The part of an extended result code that says what kind of error it is."""
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_NOT_OURS: Final = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
)


class BusyError(StorageError):
    """Another process locks the file for longer than BUSY_SECONDS; it may work later."""


class DamagedError(StorageError):
    """The file is no SQLite database, or a damaged one."""


class ForeignError(StorageError):
    """The file is a database, but not one that this version can use."""


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; 0 for an error that is Python's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY


def is_busy(error: sqlite3.Error) -> bool:
    """Whether the operation may work as soon as another process is done."""
    return code_of(error) in _BUSY


def storage_error(error: sqlite3.Error, path: Path, busy_seconds: float) -> StorageError:
    """Return the error to raise for one of SQLite.

    Args:
        error: what SQLite said.
        path: the database file.
        busy_seconds: how long was waited for others.
    """
    code = code_of(error)
    if code in _BUSY:
        return busy(path, busy_seconds)
    if code in _DAMAGED:
        return DamagedError(
            f"{path} is damaged or no SQLite database ({error}); nothing was changed. Move it aside together with its "
            f"-wal and -shm files, and recording begins anew; `sqlite3 FILE .recover` saves what can be read of it"
        )
    if code == sqlite3.SQLITE_FULL:
        return StorageError(f"cannot write {path}: the disk is full; make room on it, nothing that was stored is lost")
    if code in _NOT_OURS:
        return DataDirError(
            f"cannot open {path} ({error}); give this user access to it and its directory, or name another file with "
            f"{PATH_VARIABLE}"
        )
    return StorageError(f"cannot use {path}: {error}")


def busy(path: Path, busy_seconds: float) -> BusyError:
    """Return the error for a file that others kept locked for `busy_seconds`."""
    return BusyError(
        f"{path} is in use by another process, for longer than {busy_seconds:g} seconds; "
        f"end that process, try again later, or wait longer with {BUSY_VARIABLE}"
    )


def unusable(path: Path, problem: str) -> DataDirError:
    """Return the error for a place that cannot hold the file."""
    return DataDirError(f"cannot use {path}: {problem}; name another file with {PATH_VARIABLE}")
