"""Opening: how every file of ours is opened, whoever does it. Imports nothing of the project."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

SAFELY: Final = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
"""Flags for `os.open`: no symlink is followed, no pipe waited at, no child inherits the descriptor, no line break is
changed."""
OWNER_ONLY: Final = 0o600


def open_file(path: str | Path, flags: int) -> int:
    """Open a file of ours, or make one for this user alone, and return the descriptor.

    Args:
        flags: for `os.open`, besides `SAFELY`.

    Raises:
        OSError: it cannot be opened, or it is no regular file: a pipe would hold up whoever reads or writes it, and a
            device need have no end.
    """
    file = os.open(path, flags | SAFELY, OWNER_ONLY)
    mode = os.fstat(file).st_mode
    if stat.S_ISREG(mode):
        return file
    os.close(file)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.ENXIO, "it is no file but a pipe or a device; remove it", str(path))
