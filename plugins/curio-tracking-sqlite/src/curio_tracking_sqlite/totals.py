"""Totals: answers questions for summaries, out of the totals of counted days and the records of all others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from curio_tracking_sqlite import schema
from curio_tracking_sqlite.cells import DIMENSIONS, add_cells
from curio_tracking_sqlite.days import FIRST_US, counted_days, plan_of
from curio_tracking_sqlite.folding import Fold
from curio_tracking_sqlite.questions import Conditions, conditions, dimensions, index_for, parts_of

if TYPE_CHECKING:
    import sqlite3

    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking_sqlite.days import Day, Span
    from curio_tracking_sqlite.folding import Groups

_MOST_RANGES: Final = 50
_MOST_KEPT: Final = 8
"""A dashboard asks a few questions again and again."""

Signature: TypeAlias = "tuple[tuple[int, bytes], ...]"
"""Days and the revisions of their totals."""


class Totals:
    """Answers of one process; the part of an answer that is out of totals is kept for the next time."""

    def __init__(self) -> None:
        self._kept: dict[SummaryQuery, tuple[Signature, Groups]] = {}

    def groups(self, connection: sqlite3.Connection, query: SummaryQuery) -> Groups:
        """Return the totals of each group.

        Args:
            connection: in a transaction, so that all parts of the answer are of one moment.
        """
        fold = Fold(query.group_by)
        if not can_use_totals(query):
            for part in parts_of(query.where):
                _fold_records(connection, part, fold)
            return fold.groups
        plan = plan_of(query.where, counted_days(connection))
        for span in plan.spans:
            _fold_records(connection, query.where, fold, span)
        if not plan.days:
            return fold.groups
        counted = self._counted(connection, query, plan.days)
        for key, summary in fold.groups.items():
            if key in counted:
                summary.merge(counted[key])
        return counted | fold.groups

    def _counted(self, connection: sqlite3.Connection, query: SummaryQuery, days: list[Day]) -> Groups:
        signature = tuple([(day.number, day.revision) for day in days])
        known = self._kept.get(query)
        if known is not None and known[0] == signature:
            return known[1]
        fold = Fold(query.group_by)
        where = Conditions()
        dimensions(query.where, where)
        for_days([day.number for day in days], where)
        add_cells(connection, where, query.group_by, fold)
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[query] = (signature, fold.groups)
        return fold.groups


def can_use_totals(query: SummaryQuery) -> bool:
    """Whether totals of days can be part of the answer: they know no single users and records."""
    where = query.where
    return where.user_ids is None and where.record_ids is None and set(query.group_by) <= set(DIMENSIONS)


def for_days(days: list[int], where: Conditions) -> None:
    """Add a condition on days, oldest first, as ranges: there may be thousands of days, and few gaps."""
    ranges: list[list[int]] = []
    for day in days:
        if ranges and ranges[-1][1] == day - 1:
            ranges[-1][1] = day
        else:
            ranges.append([day, day])
    # many ranges make a deep expression, which SQLite limits
    if len(ranges) <= _MOST_RANGES:
        bounds = [bound for pair in ranges for bound in pair]
        where.add(f"({' OR '.join(['day BETWEEN ? AND ?'] * len(ranges))})", *bounds)
    else:
        where.add(f"day IN ({', '.join(map(str, days))})")


def _fold_records(connection: sqlite3.Connection, query: RecordQuery, fold: Fold, span: Span | None = None) -> None:
    statement, values = records_statement(query, fold.columns, span)
    fold.add(connection.execute(statement, values))


def records_statement(query: RecordQuery, columns: str, span: Span | None = None) -> tuple[str, list[object]]:
    """Return the statement that reads some columns of the records of a query, within a span if one is given."""
    if span is not None:
        query = replace(query, since_us=span.since_us, until_us=span.until_us)
    where = conditions(query)
    if span is not None and span.after_id >= 0:
        where.add("id > ?", span.after_id)
    # a large part of the table is read faster as it lies than in the order of an index
    is_narrow = query.since_us not in (None, FIRST_US) or index_for(query) != schema.BY_TIME
    source = f"INDEXED BY {index_for(query)}" if is_narrow else "NOT INDEXED"
    return f"SELECT {columns} FROM records {source} WHERE {where.text}", where.values
