"""Which segments exist: names, days, owners. Only lists directories; never opens or creates anything.

Layout: `DATA_DIR/raw/2026-11-22/<host>-<pid>-<nonce>-<seq>.csv`, the day being that of the records' start, UTC.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from curio_tracking.storage.days import DAY, newest_days
from curio_tracking.storage.directories import list_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from curio_tracking.queries import RecordQuery

SUFFIX: Final = ".csv"
_UNUSABLE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_HOST: Final = 64


def raw_directory(data_dir: Path) -> Path:
    """Return the directory of all days."""
    return data_dir / "raw"


def segment_name(host: str, process_id: int, nonce: str, sequence: int) -> str:
    """Return the file name of a segment; what a host name may not hold in a file name becomes `_`."""
    return f"{_UNUSABLE.sub('_', host)[:_LONGEST_HOST].lstrip('.') or 'host'}-{process_id}-{nonce}-{sequence}{SUFFIX}"


def owner_of(segment: Path) -> str:
    """Return who writes or wrote a segment, in words for a message."""
    parts = segment.name.removesuffix(SUFFIX).rsplit("-", 3)
    return f"process {parts[1]} on {parts[0]}" if len(parts) == 4 else f"the owner of {segment}"


def all_days(raw: Path) -> list[str]:
    """Return every day that has a directory."""
    return [name for name in list_names(raw, directories=True) if DAY.fullmatch(name)]


def segments_of(raw: Path, day: str) -> list[Path]:
    """Return the segments of a day, live and sealed."""
    directory = raw / day
    return [directory / name for name in list_names(directory) if name.endswith(SUFFIX) and not name.startswith(".")]


def segments_by_day(raw: Path, query: RecordQuery) -> Iterator[list[Path]]:
    """Yield the segments of each day that the query concerns, newest day first."""
    for day in newest_days(all_days(raw), query):
        yield segments_of(raw, day)
