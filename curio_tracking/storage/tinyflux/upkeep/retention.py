"""Retention: the records of days that are too old go; their totals stay, in the rollup of their month.

The order is what makes it safe to be killed: the month's rollup counts the day, for good, before the first file goes.
A day of which some counted segments are missing is on its way out; what is left of it is removed in the next round.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from curio_tracking.storage.directories import list_names, sync_directory
from curio_tracking.storage.tinyflux.catalog import ROLLUP
from curio_tracking.storage.tinyflux.rollups.cells import Cells, by_dimensions
from curio_tracking.storage.tinyflux.rollups.history import GRAINS, DayTables, month_of, set_aside_damaged, write_month
from curio_tracking.storage.tinyflux.rollups.table import decode_table, encode_table
from curio_tracking.storage.tinyflux.upkeep.joining import finish_joins
from curio_tracking.storage.tinyflux.upkeep.merging import month_tables, whole_checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.reading.snapshot import Day, Snapshot
    from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine


def retire(data_dir: Path, day: Day, snapshot: Snapshot, quarantine: Quarantine) -> None:
    """Remove the records of a day that its rollup counts.

    Args:
        day: all of its segments are counted.
        snapshot: everything, for the other days of the month.

    Raises:
        OSError: some files are still there; the next round goes on. DamagedError, MovedError: a table cannot be read.
    """
    if day.history is None:
        return
    month = month_of(day.name)
    file = snapshot.months.get(month)
    if file is None or file.days.get(day.name) != day.history.covered:
        set_aside_damaged(data_dir, month)
        write_month(data_dir / "rollups", month, month_tables(month, snapshot))
    remove_day(data_dir, day)
    quarantine.retire(day.name)


def retire_late(
    data_dir: Path, day: Day, segments: Sequence[SegmentFile], snapshot: Snapshot, quarantine: Quarantine
) -> None:
    """Count segments that came after their day had been retired, and remove them.

    Args:
        segments: settled, not counted yet.

    Raises: as `retire`.
    """
    assert day.history is not None
    month = month_of(day.name)
    days = month_tables(month, snapshot)
    before = days[day.name]
    cells = Cells()
    # whoever counted one of them since was killed before it could remove it
    fresh = [segment for segment in segments if segment.stem not in before.covered]
    for segment in fresh:
        for table in whole_checkpoint(segment).cells():
            table.merge_into(cells.totals, lambda key: key)
    tables = {}
    for grain, data in before.tables.items():
        totals = by_dimensions(cells.totals, GRAINS[grain])
        decode_table(data).merge_into(totals, lambda key: key)
        tables[grain] = encode_table(GRAINS[grain], totals)
    days[day.name] = DayTables(before.covered | {one.stem: one.size for one in fresh}, tables)
    write_month(data_dir / "rollups", month, days)
    for segment in segments:
        segment.path.unlink(missing_ok=True)
        segment.rollup_path.unlink(missing_ok=True)
    quarantine.retire(day.name)


def remove_day(data_dir: Path, day: Day) -> None:
    """Remove the files of the segments that the rollup of a day counts, then the day's own rollup."""
    assert day.history is not None
    directory = data_dir / "raw" / day.name
    finish_joins(directory)
    for segment in day.segments:
        if segment.stem in day.history.covered:
            segment.path.unlink(missing_ok=True)
            segment.rollup_path.unlink(missing_ok=True)
    if directory.is_dir():
        sync_directory(directory)
        left = list_names(directory)
        if all(name.endswith(ROLLUP) for name in left):
            for name in left:
                (directory / name).unlink(missing_ok=True)
            # not empty after all: somebody began a segment there just now
            with contextlib.suppress(OSError):
                directory.rmdir()
    (data_dir / "rollups" / f"{day.name}{ROLLUP}").unlink(missing_ok=True)
