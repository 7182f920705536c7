"""Files: every file of a data directory, the keys of the pseudonyms aside; no symbolic link is followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from curio_tracking import opening
from curio_tracking.privacy.keys import KEYS_DIR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUARANTINE: Final = ".rows"
"""How the names of files end that hold lines which are no records."""


def files_in(data_dir: Path, told: Callable[[OSError], None]) -> Iterator[tuple[Path, int]]:
    """Yield (path, bytes) for each file, in the order of their names.

    Args:
        data_dir: may be reached through a symbolic link, and need not exist.
        told: hears of each directory that cannot be listed.
    """

    def tell(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # nothing stored yet, or removed meanwhile
            told(error)

    for folder, directories, names in os.walk(data_dir, onerror=tell):
        directories.sort()
        if Path(folder) == data_dir and KEYS_DIR in directories:
            directories.remove(KEYS_DIR)
        for name in sorted(names):
            path = Path(folder, name)
            size = _size_of(path)
            if size is not None:
                yield path, size


def _size_of(path: Path) -> int | None:
    """Return the bytes of a regular file; None for anything else, also for what has gone."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def open_file(path: Path) -> BinaryIO:
    """Open a file to read it, unless a symbolic link or something else stands in its place.

    Raises:
        OSError: it cannot be read.
    """
    return os.fdopen(opening.open_file(path, os.O_RDONLY), "rb")
