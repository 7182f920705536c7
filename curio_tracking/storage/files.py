"""Private line files (0600) that only grow: one write per batch, locks, repair, reading, replacement.

Everything the file backends do to a file goes through here, so that the promises (no symlink is followed, no half
batch stays, no reader sees half a rewrite) are kept in one place. Imports only `storage.directories`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.opening import open_file
from curio_tracking.storage.directories import list_names, storage_error, sync_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: no advisory locks; one process per store is then the user's care
    fcntl = None

_BLOCK: Final = 1 << 16
LOCK_PAUSE: Final = 0.002
LOCK_SECONDS: Final = 2.0
"""How long a batch waits for the lock of a shared file before it fails and is tried again later."""
ABANDONED_SECONDS: Final = 60.0
"""How old a temporary file is that nobody is going to lock any more."""
TEMPORARY: Final = ".tmp"
"""How the names of files end that no reader looks at."""


def open_to_append(path: Path, *, new: bool) -> int:
    """Return a descriptor that appends; a `new` file must not exist yet, another one may be created.

    Raises:
        OSError: the file cannot be opened, is a symlink or no file, or exists although it should be new.
    """
    return open_file(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | (os.O_EXCL if new else 0))


def open_to_repair(path: Path) -> int:
    """Return a descriptor that reads and cuts an existing file.

    Raises:
        OSError: there is no such file, it is a symlink or no file, or this user may not write to it.
    """
    return open_file(path, os.O_RDWR)


def append_whole(file: int, data: bytes) -> None:
    """Append all of `data` with one write.

    Raises:
        OSError: it failed or was cut short; the caller cuts the file back to where it was.
    """
    written = os.write(file, data)
    if written != len(data):
        raise OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes could be written")


def try_lock(file: int) -> bool:
    """Take the exclusive lock of an open file if it is free; it ends with the descriptor.

    Returns:
        Whether nobody else has it. A file system without locks counts as free for its writer: see `is_unowned`.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
    return True


def is_unowned(file: int) -> bool:
    """Take the lock of a file that somebody else may be writing; False also where there are no locks to tell by."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_at(file: int, path: Path) -> bool:
    """Whether the open file is still the one found under `path`: nobody removed or replaced it."""
    try:
        return os.path.samestat(os.fstat(file), path.lstat())
    except FileNotFoundError:
        return False


def cut_torn_line(file: int) -> int:
    """Cut what follows the last line break (a line that was never acknowledged) and return the size."""
    size = os.fstat(file).st_size
    good = _after_last_break(file, size)
    if good != size:
        os.ftruncate(file, good)
    return good


def _after_last_break(file: int, size: int) -> int:
    end = size
    while end > 0:
        start = max(0, end - _BLOCK)
        os.lseek(file, start, os.SEEK_SET)
        found = os.read(file, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def is_torn(path: Path) -> bool:
    """Whether the file does not end with a line break; False if it cannot be looked at."""
    try:
        file = open_file(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        size = os.lseek(file, 0, os.SEEK_END)
        os.lseek(file, max(0, size - 1), os.SEEK_SET)
        return size > 0 and os.read(file, 1) != b"\n"
    finally:
        os.close(file)


def read_lines(path: Path) -> list[bytes]:
    """Return the complete lines of a file, without line breaks; what follows the last one is still being written.

    Returns:
        Nothing if the file is gone: somebody removed it after it was listed.

    Raises:
        StorageError: this user may not read it, or the disk fails.
    """
    try:
        with os.fdopen(open_file(path, os.O_RDONLY), "rb", buffering=0) as stream:
            lines = stream.read().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise storage_error(error, "read", path) from error
    del lines[-1]
    return lines


def read_first_line(path: Path) -> bytes:
    """Return the first line of a file with its line break; nothing if there is no file or no complete line.

    Raises:
        StorageError: this user may not read it, or the disk fails.
    """
    try:
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as stream:
            line = stream.readline(_BLOCK)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise storage_error(error, "read", path) from error
    return line if line.endswith(b"\n") else b""


def replace_file(path: Path, parts: Iterable[bytes], *, durable: bool = True) -> None:
    """Put a file of these parts in the place of `path`: whoever reads sees all of the old one or all of the new.

    Args:
        durable: whether the new one must survive a loss of power.

    Raises:
        OSError: the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}{TEMPORARY}")
    file = open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(file, "wb") as stream:
            try_lock(stream.fileno())
            stream.writelines(parts)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
            temporary.replace(path)
            unlock(stream.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        sync_directory(path.parent)


def remove_abandoned(directory: Path, now: float, *, seconds: float = ABANDONED_SECONDS, of: str = "") -> None:
    """Remove the temporary files of rewrites that were killed: nobody holds their lock, and they are not new.

    Args:
        directory: where to look.
        now: seconds since 1970.
        seconds: how old a file must be; 0 only for who holds a lock that all rewrites here take.
        of: only what was to take the place of the file of this name.
    """
    for name in list_names(directory):
        if not name.endswith(TEMPORARY) or not name.startswith(f".{of}." if of else ""):
            continue
        with contextlib.suppress(OSError):
            path = directory / name
            file = open_to_repair(path)
            try:
                # not new: a rewrite that began just now may not have taken its lock yet
                if is_unowned(file) and now - os.fstat(file).st_mtime >= seconds:
                    path.unlink()
            finally:
                release(file)


@contextlib.contextmanager
def locked_file(path: Path, *, create: bool) -> Iterator[int]:
    """Open a file that several processes write to and hold its lock for the length of the `with` block.

    Args:
        path: the file.
        create: whether it may be made.

    Yields:
        A descriptor of the file that is now under `path`, which reads, appends and cuts.

    Raises:
        StorageError: another process does not let go of the lock. OSError: the file cannot be opened.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while time.monotonic() <= deadline:
        file = open_to_append(path, new=False) if create else open_to_repair(path)
        try:
            # is_at: while we waited, the file may have been rewritten under its name
            if try_lock(file) and is_at(file, path):
                yield file
                return
        finally:
            release(file)
        time.sleep(LOCK_PAUSE)
    raise StorageError(f"cannot write {path}: another process has held its lock for {LOCK_SECONDS:g} s")


def unlock(file: int) -> None:
    """Give up the lock, also on behalf of a forked child that inherited the descriptor."""
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)


def release(file: int) -> None:
    """Give up the lock and close the file: closing alone would leave the lock to a child forked meanwhile."""
    unlock(file)
    os.close(file)
