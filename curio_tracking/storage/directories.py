"""Private directories (0700) of the file backends, and what a failed system call means for the user.

A data directory may be reached through a symlink (people do move it to another disk); inside it none is followed.
Imports only `errors` and `opening`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import DataDirError, StorageError
from curio_tracking.opening import SAFELY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOT_OURS: Final = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.ELOOP,
        errno.EEXIST,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.EISDIR,
    }
)


def storage_error(error: OSError, doing: str, path: Path) -> StorageError:
    """Return the error to raise for a failed system call: `DataDirError` where another directory would help."""
    reason = error.strerror or str(error)
    if error.errno in _NOT_OURS:
        return DataDirError(
            f"cannot {doing} {path}: {reason}; give this user access to it, or set FEATURE_TRACKING_DATA_DIR "
            f"to a directory that can be written"
        )
    return StorageError(f"cannot {doing} {path}: {reason}")


def make_private(directory: Path, *, below: Path, durable: bool = False) -> None:
    """Create a directory for this user alone, with what is missing above it.

    Args:
        directory: `below` itself, or a directory in it.
        below: the data directory; it may be reached through a symlink, nothing inside it may be one.
        durable: make the new names survive a loss of power.

    Raises:
        DataDirError: it cannot be made, or a file or a symlink is in its place.
    """
    step = below
    try:
        if not below.is_dir():
            make_way(below)
            if durable:
                _sync_new(below)
        for part in directory.relative_to(below).parts:
            step = step / part
            _make_one(step, durable=durable)
    except OSError as error:
        raise storage_error(error, "create the directory", step) from error


def make_way(directory: Path, mode: int = 0o700) -> None:
    """Create a directory and what is missing above it, all of it for this user alone, whatever the umask.

    `Path.mkdir(parents=True)` gives the mode to the last one only: who may write above a directory can exchange it.

    Args:
        directory: may be there already, and may be reached through a symlink.
        mode: of every directory that is made.

    Raises:
        OSError: it cannot be made.
    """
    missing = [directory, *directory.parents]
    for place, step in enumerate(missing):
        if step.is_dir():
            missing = missing[:place]
            break
    for step in reversed(missing):
        step.mkdir(mode=mode, exist_ok=True)


def _make_one(directory: Path, *, durable: bool) -> None:
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        if not stat.S_ISDIR(directory.lstat().st_mode):
            raise OSError(errno.ENOTDIR, "a file or a symlink is in its place") from None
    else:
        if durable:
            _sync_new(directory)


def _sync_new(directory: Path) -> None:
    try:
        sync_directory(directory.parent)
    except OSError:
        # or the next attempt would find it and take its name for safe
        with contextlib.suppress(OSError):
            directory.rmdir()
        raise


@contextlib.contextmanager
def entries_of(directory: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
    """Look into a directory inside a data directory, by its name alone: a symlink in its place is not followed.

    Yields:
        What is in it, to be looked at within the `with` block.

    Raises:
        OSError: it cannot be read, or there is none.
    """
    if os.scandir not in os.supports_fd:  # Windows
        with os.scandir(directory) as entries:
            yield entries
        return
    try:
        file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | SAFELY)
    except NotADirectoryError as error:
        if directory.is_symlink():
            raise OSError(error.errno, "a symlink is in its place, and none is followed") from None
        raise
    try:
        with os.scandir(file) as entries:
            yield entries
    finally:
        os.close(file)


def list_names(directory: Path, *, directories: bool = False) -> list[str]:
    """Return the sorted names of the regular files (or of the directories) in a directory; symlinks are left out.

    Returns:
        Nothing if there is no such directory.

    Raises:
        DataDirError: this user may not look into it.
    """
    try:
        with entries_of(directory) as entries:
            wanted = [
                entry.name
                for entry in entries
                if (entry.is_dir(follow_symlinks=False) if directories else entry.is_file(follow_symlinks=False))
            ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise storage_error(error, "read", directory) from error
    return sorted(wanted)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a loss of power, where the system can do that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
