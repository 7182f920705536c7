"""The place of the database file: private directories above it, the file itself, and what may not be in its place.

SQLite gives -wal and -shm the mode of the database file and follows no symlink for them, so the file is made here, with
mode 0600, before SQLite sees it. An existing one is never opened from here: closing any descriptor of it would drop the
POSIX locks of every connection in this process.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, TypeAlias

from curio_tracking_sqlite.failures import unusable

if TYPE_CHECKING:
    from pathlib import Path

Identity: TypeAlias = "tuple[int, int]"
"""Device and number of a file: another file under the same name has another one."""

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def identity_of(path: Path) -> Identity | None:
    """Return which file is there; None if there is none.

    Raises:
        DataDirError: something else is in its place, a symlink for example, or this user may not look.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(path, error.strerror or str(error)) from error
    if stat.S_ISLNK(found.st_mode):
        raise unusable(path, "a symlink is in its place, and none is followed; remove it")
    if not stat.S_ISREG(found.st_mode):
        raise unusable(path, "it is no file")
    return found.st_dev, found.st_ino


def make_file(path: Path, *, is_durable: bool) -> None:
    """Make the empty file for this user alone, and the directories above it that are missing.

    Args:
        path: absolute.
        is_durable: whether the new names must survive a loss of power.

    Raises:
        DataDirError: it cannot be made.
    """
    try:
        _make_directories(path.parent, is_durable=is_durable)
        try:
            os.close(os.open(path, _NEW, 0o600))
        except FileExistsError:
            return
        if is_durable:
            _sync(path.parent)
    except OSError as error:
        raise unusable(path, f"it cannot be made: {error.strerror or error}") from error


def _make_directories(directory: Path, *, is_durable: bool) -> None:
    missing = []
    while not directory.is_dir():
        missing.append(directory)
        directory = directory.parent
    for step in reversed(missing):
        step.mkdir(mode=0o700, exist_ok=True)
        if is_durable:
            _sync(step.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def size_on_disk(path: Path) -> int:
    """Return the bytes that the database file and its write-ahead log take."""
    return sum(map(_size, (path, log_of(path))))


def log_of(path: Path) -> Path:
    """Return where SQLite keeps the write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
