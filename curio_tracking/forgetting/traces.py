"""Traces: the files of a data directory in which a pseudonym stands, read as bytes, whatever the file is.

The check after an erasure that trusts no backend: it also finds what lies in quarantine, in a database's log, in
half-made files, and in files that are not ours. Reads, never writes; follows no link.
"""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from curio_tracking.privacy.keys import KEYS_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLOCK: Final = 1 << 20
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def traces_of(names: Iterable[str], data_dir: Path) -> list[str]:
    """Return the paths, below the data directory, of files in which one of the names stands; compressed ones, too.

    Args:
        names: pseudonyms; long enough not to stand anywhere by chance. data_dir: where to look.
    """
    wanted = [name.encode() for name in names]
    return sorted(str(path.relative_to(data_dir)) for path in _files(data_dir) if wanted and _holds(path, wanted))


def is_in_file(names: Iterable[str], path: Path) -> bool:
    """Whether one of the names stands in the bytes of a file; a compressed one is unpacked. False if there is none."""
    # replace: what has no UTF-8 stands in no file as it is
    wanted = [name.encode(errors="replace") for name in names if name]
    return bool(wanted) and _holds(path, wanted)


def _files(data_dir: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(data_dir):
        if Path(folder) == data_dir and KEYS_DIR in folders:
            folders.remove(KEYS_DIR)
        yield from (Path(folder, name) for name in files)


def _holds(path: Path, wanted: list[bytes]) -> bool:
    # what goes while we look is gone; what cannot be read is its backend's to complain about
    with suppress(OSError), os.fdopen(os.open(path, _FLAGS), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return False
        if path.suffix == ".gz":
            with suppress(EOFError, zlib.error), gzip.open(stream) as unpacked:
                return _is_in(unpacked, wanted)
        return _is_in(stream, wanted)
    return False


def _is_in(stream: BinaryIO | gzip.GzipFile, wanted: list[bytes]) -> bool:
    overlap = max(map(len, wanted)) - 1
    before = b""
    while block := stream.read(_BLOCK):
        text = before + block
        if any(one in text for one in wanted):
            return True
        before = text[-overlap:]
    return False
