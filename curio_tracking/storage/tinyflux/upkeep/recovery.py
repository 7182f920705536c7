"""Recovery: what processes left behind that were killed in the middle of a write.

A segment whose lock is free has no owner. Its torn last line was never acknowledged: it is cut; rows that are no
records go to quarantine; its rollup is finished. The segments of living processes are left alone.
"""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.logbook import debug
from curio_tracking.storage.directories import list_names
from curio_tracking.storage.files import (
    cut_torn_line,
    is_at,
    is_torn,
    is_unowned,
    open_to_repair,
    release,
    remove_abandoned,
    replace_file,
)
from curio_tracking.storage.tinyflux.blocks import opened, scan
from curio_tracking.storage.tinyflux.catalog import all_days, segments_of
from curio_tracking.storage.tinyflux.measures import measure
from curio_tracking.storage.tinyflux.rollups.checkpoint import Checkpoint, Growth, fingerprint_of
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, MovedError
from curio_tracking.storage.tinyflux.staging import finish_staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.upkeep.pace import Pace
    from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine

_DAYS_AT_START: Final = 2
"""How many of the newest days a writer looks at when it starts; the others are looked at in quiet moments."""
_MOST_AT_START: Final = 100
"""Days with more files wait for a quiet moment, too: a program that is run often must not pay for all its runs."""


def recover(raw: Path, now: float) -> None:
    """Finish killed imports and cut the torn lines of sealed segments of the newest days; what cannot be mended stays.

    Args:
        raw: the directory of all days. now: seconds since 1970.
    """
    try:
        finish_staged(raw.parent)
        for day in all_days(raw)[-_DAYS_AT_START:]:
            if len(list_names(raw / day)) > _MOST_AT_START:
                continue
            remove_abandoned(raw / day, now)
            for segment in segments_of(raw, day):
                if not segment.is_compressed and is_torn(segment.path):
                    with contextlib.suppress(OSError), owned(segment):
                        pass
    except StorageError as error:
        debug(str(error))


@contextmanager
def owned(segment: SegmentFile) -> Iterator[int]:
    """Hold the lock of a segment that is not compressed, without its torn line; it is removed when nothing is left.

    Yields:
        The open file.

    Raises:
        BlockingIOError: somebody writes to it. FileNotFoundError: it is gone, or empty. OSError: it cannot be changed.
    """
    file = open_to_repair(segment.path)
    try:
        if not is_unowned(file):
            raise BlockingIOError(f"{segment.path} is being written to")
        if not is_at(file, segment.path):
            raise FileNotFoundError(f"{segment.path} was replaced")
        if cut_torn_line(file) == 0:
            remove(segment)
            raise FileNotFoundError(f"{segment.path} was empty")
        yield file
    finally:
        release(file)


def remove(segment: SegmentFile) -> None:
    """Remove the files of a segment."""
    segment.rollup_path.unlink(missing_ok=True)
    segment.path.unlink(missing_ok=True)


def settle(
    segment: SegmentFile, quarantine: Quarantine, pace: Pace, *, needs_totals: bool = True
) -> SegmentFile | None:
    """Bring a segment without an owner into order: whole rows that are records, and a checkpoint about all of them.

    Args:
        needs_totals: whether the checkpoint must hold the totals, too; not where the day's rollup counts the segment.

    Returns:
        The segment as it is now; None if it is alive, or gone.

    Raises:
        OSError: it cannot be mended. InterruptedUpkeepError: see `pace`; nothing was changed.
    """
    try:
        with _sealed(segment) as file:
            size = segment.size if segment.is_compressed else os.fstat(file).st_size
            whole = segment._replace(size=size)
            growth = _growth(whole, file, needs_totals=needs_totals)
            if growth is None:
                return whole
            bad_rows = _grow(growth, whole, file, pace)
            if not bad_rows or whole.is_compressed:
                growth.write(whole.rollup_path, fingerprint_of(file, growth.index.file_end))
                return whole
            _take_out(bad_rows, whole, file, quarantine)
    except (BlockingIOError, FileNotFoundError):
        return None
    # the file was replaced: once more, with the lock of the new one
    return settle(segment, quarantine, pace, needs_totals=needs_totals)


@contextmanager
def _sealed(segment: SegmentFile) -> Iterator[int]:
    with opened(segment.path) if segment.is_compressed else owned(segment) as file:
        yield file


def _growth(segment: SegmentFile, file: int, *, needs_totals: bool) -> Growth | None:
    """Return the totals to start from; None if the checkpoint there is about everything."""
    try:
        checkpoint = Checkpoint(segment, file)
        checkpoint.verify()
        if checkpoint.covered == segment.size and (checkpoint.has_totals or not needs_totals):
            return None
        return Growth.resumed(checkpoint) if checkpoint.has_totals else Growth()
    except (OSError, DamagedError, MovedError):
        return Growth()


def _grow(growth: Growth, segment: SegmentFile, file: int, pace: Pace) -> set[bytes]:
    """Fold what is not folded yet, and return the lines that are no records."""
    bad_rows: set[bytes] = set()
    for block, lines in scan(file, growth.index.end, is_compressed=segment.is_compressed):
        measured, bad = measure(lines)
        bad_rows.update(bad)
        growth.cells.add_measures(measured)
        growth.index.append(block)
        pace.spend(block.size)
    return bad_rows


def _take_out(bad_rows: set[bytes], segment: SegmentFile, file: int, quarantine: Quarantine) -> None:
    """Move lines that are no records into quarantine: into it first, so that a kill in between loses none."""
    quarantine.add(segment.path.parent.name, segment.stem, bad_rows)
    segment.rollup_path.unlink(missing_ok=True)
    kept = (
        b"".join([line + b"\n" for line in lines if line not in bad_rows])
        for _block, lines in scan(file, 0, is_compressed=False)
    )
    replace_file(segment.path, kept)
