"""Survey: what a store says of itself before a record is read: how much there is, and what is left only as totals.

Totals may outlive their records (rollups do, when retention removes records). What was removed is older than the oldest
record; that one is found by asking whether there is any record before a day, a dozen times.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from curio_tracking.interfaces import BaseBackend
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo
from curio_tracking.summaries import Summary

if TYPE_CHECKING:
    from curio_tracking.interfaces import StorageBackend
    from curio_tracking.migrating.sides import Side

DAY_US: Final = 86_400_000_000


@dataclass(slots=True)
class Survey:
    """What a store holds.

    Attributes:
        total: of everything the store knows, records or not.
        gone: of what is older than the oldest record; of everything if there is no record.
        declared: the features that were registered, called or not.
        unreadable: rows that were met so far and are no records; 0 where the backend does not count them.
    """

    total: Summary
    gone: Summary = field(default_factory=Summary)
    declared: list[FeatureInfo] = field(default_factory=list)
    unreadable: int = 0

    @property
    def weight(self) -> float:
        """How many calls the records stand for, as far as can be told without reading them."""
        return self.total.weight - self.gone.weight


def survey(side: Side) -> Survey:
    """Look at a store.

    Raises:
        MigrationError: it cannot be read.
    """
    backend = side.backend
    with side.working("reading"):
        found = Survey(totals(backend, RecordQuery()), declared=_declared(backend), unreadable=unreadable(backend))
        if found.total.first_us is not None:
            found.gone = _gone(backend, found.total)
    return found


def totals(backend: StorageBackend, where: RecordQuery) -> Summary:
    """Return the totals of all records that match."""
    total = Summary()
    for part in backend.summaries(SummaryQuery(where, ())):
        total.merge(part)
    return total


def calls_without_records(backend: StorageBackend, day: int) -> tuple[int, int] | None:
    """Return the first and last start of a day's calls if the store holds not one record of them; otherwise None.

    Args:
        day: since 1970 UTC.
    """
    where = RecordQuery(since_us=day * DAY_US, until_us=(day + 1) * DAY_US, limit=1)
    if next(iter(backend.records(where)), None) is not None:
        return None
    total = totals(backend, replace(where, limit=0))
    return None if total.first_us is None or total.last_us is None else (total.first_us, total.last_us)


def unreadable(backend: StorageBackend) -> int:
    """Return how many rows that are no records a backend has met, if it counts them under the name `quarantined`."""
    count = getattr(backend, "quarantined", 0)
    return count if isinstance(count, int) else 0


def _declared(backend: StorageBackend) -> list[FeatureInfo]:
    """Return the declared features; of a backend that only tells which were never called, those, without places."""
    told = list(backend.declared()) if isinstance(backend, BaseBackend) else []
    known = {(info.feature_name, info.category) for info in told}
    for summary in backend.summaries(SummaryQuery()):
        name, category = summary.feature_name, summary.category
        if not summary.weight and name is not None and category is not None and (name, category) not in known:
            told.append(FeatureInfo(name, category))
    return told


def _gone(backend: StorageBackend, total: Summary) -> Summary:
    """Return the totals of what is older than the day of the oldest record."""
    assert total.first_us is not None, "asked only of a store that knows calls"
    if _has_records(backend, total.first_us + 1):
        return Summary()
    newest = next(iter(backend.records(RecordQuery(limit=1))), None)
    if newest is None:
        return total
    first, last = total.first_us // DAY_US, newest.start_us // DAY_US
    oldest = bisect_left(range(first, last), True, key=lambda day: _has_records(backend, (day + 1) * DAY_US)) + first
    return totals(backend, RecordQuery(until_us=oldest * DAY_US))


def _has_records(backend: StorageBackend, until_us: int) -> bool:
    return next(iter(backend.records(RecordQuery(until_us=until_us, limit=1))), None) is not None
