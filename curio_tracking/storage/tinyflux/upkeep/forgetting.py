"""Forgetting: takes days out of the rollups before their records change, and totals out of days without records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.storage.directories import sync_directory
from curio_tracking.storage.tinyflux.reading.snapshot import Store
from curio_tracking.storage.tinyflux.reading.spans import span_of
from curio_tracking.storage.tinyflux.rollups.cells import DIMENSIONS, by_dimensions
from curio_tracking.storage.tinyflux.rollups.history import (
    BY_FEATURE,
    GRAINS,
    DayTables,
    History,
    days_of,
    month_of,
    rollup_directory,
    set_aside_damaged,
    tables_of,
    write_month,
)
from curio_tracking.storage.tinyflux.rollups.table import decode_table, encode_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from curio_tracking.queries import RecordQuery
    from curio_tracking.storage.tinyflux.rollups.table import Group


def forget_days(data_dir: Path, names: set[str]) -> None:
    """Let no rollup count these days: their records are about to change. They are counted again in the next round.

    Raises:
        OSError: some rollup still counts them. DamagedError, MovedError: a month's tables cannot be read.
    """
    history = History(data_dir, is_careful=True)
    files = history.load()
    for period in history.damaged & (names | {month_of(name) for name in names}):
        set_aside_damaged(data_dir, period)
    directory = rollup_directory(data_dir)
    for name in sorted(names & files.keys()):
        files[name].path.unlink(missing_ok=True)
    for month in sorted({month_of(name) for name in names} & files.keys()):
        file = files[month]
        kept = {day: covered for day, covered in file.days.items() if day not in names}
        if not kept:
            file.path.unlink(missing_ok=True)
        elif len(kept) < len(file.days):
            sources = days_of({month: file})
            write_month(directory, month, {day: tables_of(day, sources[day]) for day in kept})
    if directory.is_dir():
        sync_directory(directory)


def forget_retired(data_dir: Path, query: RecordQuery) -> int:
    """Take what a query describes out of the totals of days without records; return how many executions that were.

    Totals know no users and no single records, and nothing finer than a day: a query for these leaves them as they are.

    Raises: as `forget_days`.
    """
    if query.user_ids is not None or query.record_ids is not None:
        return 0
    store = Store(data_dir, is_careful=True)
    snapshot = store.ask(lambda: store.snapshot(query))
    gone = 0.0
    for month, file in snapshot.months.items():
        sources = days_of({month: file})
        retired = {day.name for day in snapshot.days if day.is_retired and span_of(day.name, query).is_whole}
        days = {day: tables_of(day, sources[day]) for day in file.days}
        changed = False
        for day in retired & days.keys():
            days[day], count = _without(days[day], query)
            gone += count
            changed = changed or count > 0
        if changed:
            write_month(rollup_directory(data_dir), month, days)
    return round(gone)


def _without(day: DayTables, query: RecordQuery) -> tuple[DayTables, float]:
    totals = decode_table(day.tables["dimensions"]).totals()
    goes = _matcher(query)
    gone = {key for key in totals if goes(key)}
    count = sum(totals[key].weight for key in gone)
    kept = {key: summary for key, summary in totals.items() if key not in gone}
    tables = {"dimensions": encode_table(GRAINS["dimensions"], kept)}
    tables["features"] = encode_table(BY_FEATURE, by_dimensions(kept, BY_FEATURE))
    return DayTables(day.covered, tables), count


def _matcher(query: RecordQuery) -> Callable[[Group], bool]:
    wanted = [
        (DIMENSIONS.index(name), value)
        for name in ("feature_name", "category", "status")
        if (value := getattr(query, name)) is not None
    ]
    return lambda key: all(key[place] == value for place, value in wanted)
