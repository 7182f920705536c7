"""Joining: many small segments of a day become one, compressed.

A program that runs a thousand times a day leaves a thousand files, and each costs a reader more than its rows. The list
of the parts is written first; the rename that puts the joined segment there makes it count instead of them (`catalog`);
then they are removed, and the list last. Killed anywhere in between, the next round goes on or takes the list away.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from curio_tracking.storage.directories import sync_directory
from curio_tracking.storage.files import replace_file
from curio_tracking.storage.tinyflux.blocks import opened, scan
from curio_tracking.storage.tinyflux.catalog import PARTS, SegmentFile, lists_of_parts, replaced_parts
from curio_tracking.storage.tinyflux.measures import measure
from curio_tracking.storage.tinyflux.upkeep.compaction import write_compressed
from curio_tracking.storage.tinyflux.upkeep.recovery import owned, remove

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from curio_tracking.storage.tinyflux.upkeep.pace import Pace
    from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine

FEWEST: Final = 16
"""So many small segments are worth joining."""
SMALL_BYTES: Final = 1024 * 1024
"""Segments below this are small, joined ones too: a day is joined again as it grows."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""So many bytes of rows are held in memory and joined at a time."""


def small_batches(segments: Sequence[SegmentFile]) -> list[list[SegmentFile]]:
    """Return the small ones among sealed segments, in batches that are worth joining."""
    batches: list[list[SegmentFile]] = [[]]
    size = 0
    for segment in segments:
        if segment.size < SMALL_BYTES:
            if size + segment.size > MOST_BYTES:
                batches.append([])
                size = 0
            batches[-1].append(segment)
            size += segment.size
    return [batch for batch in batches if len(batch) >= FEWEST]


def join(segments: Sequence[SegmentFile], quarantine: Quarantine, pace: Pace) -> SegmentFile | None:
    """Put one compressed segment in the place of several of a day that no rollup of the day counts.

    Segments that somebody writes to, or that are gone, are left out; rows that are no records go to quarantine.

    Returns:
        The new one; None if there is nothing to join.

    Raises:
        OSError: all is as it was, or the next round goes on. InterruptedUpkeepError: see `pace`; all is as it was.
    """
    parts: list[SegmentFile] = []
    lines: list[bytes] = []
    for segment in segments:
        try:
            rows = _rows(segment)
        except (BlockingIOError, FileNotFoundError):
            continue
        _measured, bad_rows = measure(rows)
        if bad_rows:
            quarantine.add(segment.path.parent.name, segment.stem, bad_rows)
            spoiled = set(bad_rows)
            rows = [row for row in rows if row not in spoiled]
        parts.append(segment)
        lines += rows
        pace.spend(segment.size)
    if len(parts) < 2 or not lines:
        return None
    lines.sort()  # they begin with their time: a reader of the newest rows needs one block then
    directory = segments[0].path.parent
    stem = f"joined-{os.getpid()}-{os.urandom(4).hex()}-{len(parts)}"
    listed = directory / f"{stem}{PARTS}"
    replace_file(listed, [f"{part.stem}\n".encode() for part in parts])
    joined = write_compressed(SegmentFile(directory / stem, stem, 0, False), [lines], pace)
    finish_joins(directory)
    return joined


def _rows(segment: SegmentFile) -> list[bytes]:
    """Return the lines of a segment that nobody writes to: once its lock was free, it never grows again."""
    with opened(segment.path) if segment.is_compressed else owned(segment) as file:
        return [line for _block, lines in scan(file, 0, is_compressed=segment.is_compressed) for line in lines]


def finish_joins(directory: Path) -> None:
    """Remove the parts of joined segments in the directory of a day, and the lists of those that were not made.

    Whoever removes or rewrites segments calls this first: a part would come back with the joined segment gone.

    Raises:
        OSError: some are still there.
    """
    lists = lists_of_parts(directory)
    if not lists:
        return
    for part in replaced_parts(directory):
        remove(part)
    # before the lists: after a loss of power a part may be back, and must not be taken for a segment of its own
    sync_directory(directory)
    for path in lists:
        path.unlink(missing_ok=True)
