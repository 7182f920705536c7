"""Traces: the files of a data directory in which a pseudonym stands, read as bytes, whatever the file is.

The check after an erasure that trusts no backend: it also finds what lies in quarantine, in a database's log, in
half-made files, and in files that are not ours. Reads, never writes; follows no link.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from curio_tracking.leaks.files import files_in, open_file
from curio_tracking.leaks.layers import blocks, inflated

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def traces_of(names: Iterable[str], data_dir: Path) -> list[str]:
    """Return the paths, below the data directory, of files in which one of the names stands; compressed ones, too.

    Args:
        names: pseudonyms; long enough not to stand anywhere by chance. data_dir: where to look.
    """
    wanted = frozenset(names)
    # what cannot be listed or read is its backend's to complain about
    paths = (path for path, _size in files_in(data_dir, lambda _error: None))
    return [str(path.relative_to(data_dir)) for path in paths if is_in_file(wanted, path)]


def is_in_file(names: Iterable[str], path: Path) -> bool:
    """Whether one of the names stands in a file, or in what is compressed there. False if there is no such file."""
    # replace: what has no UTF-8 stands in no file as it is
    wanted = [name.encode(errors="replace") for name in names if name]
    overlap = max(map(len, wanted), default=1) - 1
    with suppress(OSError), open_file(path) as stream:
        texts = (text for layer in (blocks(stream, overlap), inflated(stream)) for _offset, text in layer)
        return any(name in text for text in texts for name in wanted)
    return False
