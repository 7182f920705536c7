"""Stores to show: they count what is read of them, note every attempt to change them, and let none succeed."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from curio_tracking.interfaces import BaseBackend, declared_matching
from curio_tracking.reader import Reader
from curio_tracking.records import FeatureCategory, FeatureInfo, FeatureRecord
from curio_tracking.summaries import fold, with_declared
from curio_tracking.testing.example_records import make_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking.summaries import Summary

LARGE: Final = 100_000
SAMPLE: Final = 200


class WatchedBackend(BaseBackend):
    """Holds records in memory.

    Attributes:
        rows_read: how many records were handed out.
        changes: what was tried in order to change the store.
    """

    def __init__(self, records: Iterable[FeatureRecord] = (), features: Iterable[FeatureInfo] = ()) -> None:
        self._kept = sorted(records, key=lambda record: (record.start_us, record.record_id), reverse=True)
        self._features = list(features)
        self.rows_read = 0
        self.changes: list[str] = []

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """Hand out a listing at once, as the dashboard does: whoever sets no limit gets, and pays for, all of it."""
        found = list(islice(filter(query.matches, self._everything()), query.limit or None))
        self.rows_read += len(found)
        return iter(found)

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        """Fold the records; that costs no rows, because backends have totals ready."""
        found = fold(filter(query.where.matches, self._for_totals()), query.group_by)
        return iter([*with_declared(found, declared_matching(self._features, query.where), query.group_by)])

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """Note the attempt."""
        self.changes.append(f"append of {len(records)} records")

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """Note the attempt."""
        self.changes.append(f"declare of {len(list(features))} features")

    def delete(self, query: RecordQuery) -> int:
        """Note the attempt."""
        self.changes.append(f"delete of {query}")
        return 0

    def _everything(self) -> Iterable[FeatureRecord]:
        return self._kept

    def _for_totals(self) -> Iterable[FeatureRecord]:
        return self._kept


class LargeBackend(WatchedBackend):
    """A store of `LARGE` records of twenty features, made while they are read."""

    def _everything(self) -> Iterator[FeatureRecord]:
        return (_ordinary(number) for number in range(LARGE, 0, -1))

    def _for_totals(self) -> Iterator[FeatureRecord]:
        return (_ordinary(number, LARGE / SAMPLE) for number in range(SAMPLE))


def _ordinary(number: int, weight: float = 1.0) -> FeatureRecord:
    return make_record(number, feature_name=f"feature_{number % 20}", sample_weight=weight)


def reader_of(backend: WatchedBackend) -> Reader:
    """Return a reader of the store, in which every user is stored under the id that was given."""
    return Reader(backend, [category.value for category in FeatureCategory], lambda user_id: frozenset({user_id}))
