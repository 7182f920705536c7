"""Writing: puts changed source in place of the old one, whole or not at all.

A temporary file beside it, the old file's mode and owner, fsync, rename. Refuses what changed since it was read, what
is read-only and what is a symbolic link.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from curio_tracking.errors import CurioError

# O_NONBLOCK: opening a pipe must not wait for somebody to write to it
_READ_FLAGS: Final = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


class SourceError(CurioError):
    """A source file cannot be read or replaced."""


def read_source(path: Path) -> bytes:
    """Return the content of a regular file.

    Raises:
        SourceError: it is none, it is a symbolic link, or it cannot be read.
    """
    try:
        descriptor = os.open(path, _READ_FLAGS)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SourceError("is no regular file")
            return file.read()
    except OSError as error:
        if path.is_symlink():
            raise SourceError("is a symbolic link; name the file it points to") from None
        raise SourceError(f"cannot be read: {error.strerror}") from None


def replace_source(path: Path, old: bytes, new: bytes) -> None:
    """Put `new` in the place of `old`.

    Raises:
        SourceError: the file is not what it was when it was read, is read-only, or cannot be written; it is untouched.
    """
    try:
        state = path.lstat()
    except OSError as error:
        raise SourceError(f"cannot be written: {error.strerror}") from None
    if not state.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise SourceError("is read-only; make it writable (chmod u+w) and run again")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    except OSError as error:
        raise SourceError(f"cannot be written: {error.strerror}") from None
    temporary = Path(name)
    try:
        _fill(descriptor, new, state)
        if read_source(path) != old:
            raise SourceError("changed in the meantime and was left alone; run again")
        temporary.replace(path)
    except OSError as error:
        raise SourceError(f"cannot be written: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _fill(descriptor: int, content: bytes, like: os.stat_result) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if hasattr(os, "fchown") and (like.st_uid, like.st_gid) != (os.getuid(), os.getgid()):
            os.fchown(descriptor, like.st_uid, like.st_gid)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
        os.fsync(descriptor)
