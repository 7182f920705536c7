"""Merging: the totals of sealed segments into the rollup of their day, and those of days into that of their month."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from curio_tracking.storage.directories import make_private
from curio_tracking.storage.tinyflux.blocks import opened
from curio_tracking.storage.tinyflux.rollups.cells import Cells
from curio_tracking.storage.tinyflux.rollups.checkpoint import Checkpoint
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, MovedError, signature_of
from curio_tracking.storage.tinyflux.rollups.history import DayTables, month_of, tables_of, write_day, write_month

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.reading.snapshot import Day, Snapshot
    from curio_tracking.storage.tinyflux.rollups.history import Coverage, DayOfHistory
    from curio_tracking.storage.tinyflux.rollups.table import Table
    from curio_tracking.storage.tinyflux.upkeep.pace import Pace


def kept_history(day: Day) -> DayOfHistory | None:
    """Return the rollup that further segments of a day can be merged into; None if it has to be made from all."""
    if day.history is not None and day.history.has(day.name, "hours"):
        return day.history
    return None


def merge_day(data_dir: Path, day: Day, segments: Sequence[SegmentFile], pace: Pace) -> None:
    """Count segments in the rollup of their day.

    Args:
        segments: settled, and none of them counted there yet.

    Raises:
        OSError: the rollup is as it was. DamagedError, MovedError: a table cannot be read. InterruptedUpkeepError:
            see `pace`.
    """
    cells, covered = Cells(), {}
    before = kept_history(day)
    if before is not None:
        # what this round read of it may be kept in memory, and a deletion may have been here since
        if signature_of(before.file.path) != before.file.signature:
            raise MovedError(before.file.path)
        _add(cells, before.file.table("hours", day.name))
        covered = dict(before.covered)
    for segment in segments:
        for table in whole_checkpoint(segment).cells():
            _add(cells, table)
        covered[segment.stem] = segment.size
        pace.spend(segment.size)
    directory = data_dir / "rollups"
    make_private(directory, below=data_dir)
    write_day(directory, day.name, covered, cells.totals)


def whole_checkpoint(segment: SegmentFile) -> Checkpoint:
    """Return the checkpoint of a settled segment.

    Raises:
        DamagedError: it is not about the whole segment as it is now. FileNotFoundError: one of the two is gone.
    """
    with opened(segment.path) as file:
        checkpoint = Checkpoint(segment, file)
        size = segment.size if segment.is_compressed else os.fstat(file).st_size
    if not checkpoint.has_totals or not checkpoint.covered == segment.size == size:
        raise DamagedError(f"{segment.rollup_path} is not about all of the segment")
    return checkpoint


def _add(cells: Cells, table: Table) -> None:
    table.merge_into(cells.totals, lambda key: key)


def merge_month(data_dir: Path, month: str, snapshot: Snapshot) -> None:
    """Put the rollup of a month in place, from what is counted of its days now.

    Raises: as `merge_day`.
    """
    days = month_tables(month, snapshot)
    directory = data_dir / "rollups"
    make_private(directory, below=data_dir)
    write_month(directory, month, days)


def month_tables(month: str, snapshot: Snapshot) -> dict[str, DayTables]:
    """Return what the days of a month come to, oldest first."""
    return {
        day.name: tables_of(day.name, day.history)
        for day in reversed(snapshot.days)
        if month_of(day.name) == month and day.history is not None
    }


def is_merged(month: str, snapshot: Snapshot) -> bool:
    """Whether the rollup of a month says the same of each day as the day's own, and no day is missing there."""
    file = snapshot.months.get(month)
    counted: dict[str, Coverage] = {
        day.name: day.history.covered
        for day in snapshot.days
        if month_of(day.name) == month and day.history is not None
    }
    return file is not None and file.days == counted
