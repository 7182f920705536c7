"""Remarks: what a person who asks for totals should know of how they are found. Uses `snapshot`; reads no record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.storage.tinyflux.reading.question import Question
from curio_tracking.storage.tinyflux.reading.spans import span_of

if TYPE_CHECKING:
    from curio_tracking.queries import SummaryQuery
    from curio_tracking.storage.tinyflux.reading.snapshot import Snapshot, Store


def remarks(store: Store, query: SummaryQuery) -> list[str]:
    """Return what makes the answer slow or inexact, one sentence each; usually nothing.

    Raises:
        StorageError: the store cannot be read.
    """
    snapshot = store.ask(lambda: store.snapshot(query.where))
    if not Question(query).can_use_rollups:
        return _of_scan(snapshot)
    return _of_grain(snapshot, query)


def _of_scan(snapshot: Snapshot) -> list[str]:
    size = sum(file.size for day in snapshot.days for file in day.segments)
    said = (
        [f"no rollup knows single users: all records of the time range are read ({size / 1e6:,.1f} MB)"] if size else []
    )
    retired = [day.name for day in snapshot.days if day.is_retired]
    if retired:
        said.append(f"records up to {max(retired)} are gone (RETENTION_DAYS): of these days only totals are known")
    return said


def _of_grain(snapshot: Snapshot, query: SummaryQuery) -> list[str]:
    cut = [
        day.name
        for day in snapshot.days
        if day.is_retired and not (span := span_of(day.name, query.where)).is_whole and span.since_us < span.until_us
    ]
    if not cut:
        return []
    return [f"the records of {' and '.join(sorted(cut))} are gone (RETENTION_DAYS): the whole day is counted"]
