"""Cells: the totals of records by feature, category, status, app, version, environment and hour.

The finest grain that is kept; everything coarser is merged from it. Records are collected as plain tuples first and
folded column by column when many have come: that halves the price per record. Knows no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from curio_tracking.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curio_tracking.records import FeatureRecord

DIMENSIONS: Final = ("feature_name", "category", "status", "app", "version", "environment")
"""What the totals can be told apart by, besides time."""
HOUR: Final = "hour"
HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
MEASURES: Final = 8
"""How many values a `Measure` has."""
MOST_WAITING: Final = 20_000
"""Measures that are held, at some 200 bytes each, before they are folded."""

CellKey: TypeAlias = "tuple[str, str, str, str | None, str | None, str | None, int]"
"""The values of `DIMENSIONS`, and the hours since 1970 UTC."""
Measure: TypeAlias = "tuple[Any, ...]"
"""What totals need of one record, in the order of `summaries.Columns`."""


def key_and_measure(record: FeatureRecord) -> tuple[CellKey, Measure]:
    """Return the cell that a record belongs to, and what it adds there."""
    start_us = record.start_us
    return (
        record.feature_name,
        record.category,
        record.status,
        record.app,
        record.version,
        record.environment,
        start_us // HOUR_US,
    ), (
        start_us,
        record.duration,
        record.efficiency_score,
        record.input_size,
        record.output_size,
        record.iterations,
        record.user_id,
        record.sample_weight,
    )


class Cells:
    """Totals per cell, growing.

    Attributes:
        totals: by key; up to date after `settle`.
    """

    def __init__(self) -> None:
        self.totals: dict[CellKey, Summary] = {}
        # the measures of a cell one after the other in one list: a tuple each, kept until many have come, would set off
        # the garbage collector once per 700 records, and that costs more than folding them
        self._waiting: dict[CellKey, list[Any]] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many cells there are."""
        return len(self.settle())

    def add(self, records: Iterable[FeatureRecord]) -> None:
        """Count records."""
        self.add_measures(map(key_and_measure, records))

    def add_measures(self, measures: Iterable[tuple[CellKey, Measure]]) -> None:
        """Count records that are given as key and measure."""
        waiting = self._waiting
        for key, measure in measures:
            self._count += 1
            group = waiting.get(key)
            if group is None:
                waiting[key] = [*measure]
            else:
                group += measure
        if self._count >= MOST_WAITING:
            self.settle()

    def settle(self) -> dict[CellKey, Summary]:
        """Fold what waits and return the totals."""
        waiting, self._waiting, self._count = self._waiting, {}, 0
        totals = self.totals
        for key, group in waiting.items():
            summary = totals.get(key)
            if summary is None:
                summary = totals[key] = Summary()
            summary.add_columns(key[2], tuple([group[place::MEASURES] for place in range(MEASURES)]))
        return totals

    def merge(self, key: CellKey, summary: Summary) -> None:
        """Count everything that a cell of somebody else has counted."""
        own = self.totals.get(key)
        if own is None:
            own = self.totals[key] = Summary()
        own.merge(summary)


def by_dimensions(totals: dict[CellKey, Summary], names: tuple[str, ...]) -> dict[tuple[Any, ...], Summary]:
    """Return the totals merged to fewer dimensions, keyed by their values.

    Args:
        names: out of `DIMENSIONS` and `HOUR`.
    """
    places = [(*DIMENSIONS, HOUR).index(name) for name in names]
    merged: dict[tuple[Any, ...], Summary] = {}
    for key, summary in totals.items():
        group = tuple([key[place] for place in places])
        total = merged.get(group)
        if total is None:
            total = merged[group] = Summary()
        total.merge(summary)
    return merged
