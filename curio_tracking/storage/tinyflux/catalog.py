"""Which segments exist: names, days, owners. Lists directories and opens nothing but lists of parts; creates nothing.

Layout: `DATA_DIR/raw/2026-11-22/<host>-<pid>-<nonce>-<seq>.csv`, the day being that of the records' start, UTC. A
compressed segment is named `...-<seq>.<bytes>.csv.gz` after the size that it had before. A rewrite only ever makes a
segment smaller or compresses it, so of two files of one segment (somebody is about to remove one) the right one can be
told: the one of fewer bytes, and of equal ones the compressed one.

A segment that was joined out of small ones has a list of them beside it, `<stem>.parts`, until they are gone. A part is
passed over as soon as the joined segment is there; so the rename that puts it there is the moment at which it counts.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from curio_tracking.storage.days import DAY
from curio_tracking.storage.directories import entries_of, list_names, storage_error
from curio_tracking.storage.files import read_lines

if TYPE_CHECKING:
    from pathlib import Path


SUFFIX: Final = ".csv"
COMPRESSED: Final = ".csv.gz"
ROLLUP: Final = ".rollup"
PARTS: Final = ".parts"
_UNUSABLE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_HOST: Final = 64
_NAME: Final = re.compile(r"(?P<stem>[^.].*?)(?:\.(?P<bytes>\d+)\.csv\.gz|\.csv)", re.ASCII | re.DOTALL)


class SegmentFile(NamedTuple):
    """One file of a segment, as a directory listing shows it.

    Attributes:
        path: where it is.
        stem: what names the segment, compressed or not.
        size: bytes of its rows, uncompressed.
        is_compressed: whether it is a gzip file.
    """

    path: Path
    stem: str
    size: int
    is_compressed: bool

    @property
    def rollup_path(self) -> Path:
        """Where the rollup of this segment is kept."""
        return self.path.with_name(self.stem + ROLLUP)


def raw_directory(data_dir: Path) -> Path:
    """Return the directory of all days."""
    return data_dir / "raw"


def segment_name(host: str, process_id: int, nonce: str, sequence: int) -> str:
    """Return the file name of a segment; what a host name may not hold in a file name becomes `_`."""
    return f"{_UNUSABLE.sub('_', host)[:_LONGEST_HOST].lstrip('.') or 'host'}-{process_id}-{nonce}-{sequence}{SUFFIX}"


def compressed_name(stem: str, size: int) -> str:
    """Return the file name of a compressed segment of so many bytes."""
    return f"{stem}.{size}{COMPRESSED}"


def owner_of(segment: Path) -> str:
    """Return who writes or wrote a segment, in words for a message."""
    parts = segment.name.removesuffix(SUFFIX).rsplit("-", 3)
    return f"process {parts[1]} on {parts[0]}" if len(parts) == 4 else f"the owner of {segment}"


def all_days(raw: Path) -> list[str]:
    """Return every day that has a directory, oldest first."""
    return [name for name in list_names(raw, directories=True) if DAY.fullmatch(name)]


def files_of(directory: Path) -> list[SegmentFile]:
    """Return every file of a segment in the directory of a day, sorted by segment, the right one of two first.

    Raises:
        DataDirError: this user may not look into it.
    """
    while True:
        try:
            before = directory.stat().st_mtime_ns
            found, lists = _scan(directory)
            replaced = _replaced(directory, found, lists)
            # a file that is replaced under another name while a large directory is listed may be in neither half
            if directory.stat().st_mtime_ns == before:
                kept = [file for file in found if file.stem not in replaced]
                return sorted(kept, key=lambda file: (file.stem, file.size, not file.is_compressed))
        except FileNotFoundError:
            # the directory is gone; or a file, and whoever removed it has put another one in its place
            if not directory.is_dir():
                return []
        except OSError as error:
            raise storage_error(error, "read", directory) from error


def replaced_parts(directory: Path) -> list[SegmentFile]:
    """Return the files of segments that were joined to one that is there, and that readers pass over.

    Raises:
        OSError: the directory cannot be read.
    """
    found, lists = _scan(directory)
    replaced = _replaced(directory, found, lists)
    return [file for file in found if file.stem in replaced]


def lists_of_parts(directory: Path) -> list[Path]:
    """Return the lists of parts in the directory of a day."""
    return [directory / name for name in list_names(directory) if _is_list(name)]


def _is_list(name: str) -> bool:
    return name.endswith(PARTS) and not name.startswith(".")


def _scan(directory: Path) -> tuple[list[SegmentFile], list[str]]:
    """Return the files of segments, and the names of lists of parts."""
    found, lists = [], []
    with entries_of(directory) as entries:
        for entry in entries:
            named = _NAME.fullmatch(entry.name)
            if named and entry.is_file(follow_symlinks=False):
                size = named["bytes"]
                actual = entry.stat(follow_symlinks=False).st_size if size is None else int(size)
                found.append(SegmentFile(directory / entry.name, named["stem"], actual, size is not None))
            elif _is_list(entry.name) and entry.is_file(follow_symlinks=False):
                lists.append(entry.name)
    return found, lists


def _replaced(directory: Path, found: list[SegmentFile], lists: list[str]) -> set[str]:
    stems = {file.stem for file in found} if lists else set()
    return {
        line.decode() for name in lists if name.removesuffix(PARTS) in stems for line in read_lines(directory / name)
    }


def segments_of(raw: Path, day: str) -> list[SegmentFile]:
    """Return the segments of a day, live, sealed and compressed, each once."""
    return list({file.stem: file for file in reversed(files_of(raw / day))}.values())[::-1]


def superseded(files: list[SegmentFile]) -> list[SegmentFile]:
    """Return the files in whose place there is another one already."""
    return [file for before, file in pairwise(files) if before.stem == file.stem]
