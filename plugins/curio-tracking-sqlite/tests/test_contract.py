"""The promises of every storage backend, and a set of equal answers whether totals are counted or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.interfaces import BulkBackend, Explaining, SelfMaintaining, StorageBackend
from curio_tracking.queries import GROUPABLE, RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.summaries import Summary, fold
from curio_tracking.testing import BackendContract, batches, records
from curio_tracking.testing.backend_examples import EVERYTHING, assert_same_totals, property_test
from curio_tracking.testing.strategies import moments
from curio_tracking_sqlite.backend import SqliteBackend


class CountingBackend(SqliteBackend):
    """Does all upkeep after each batch, so that every answer is out of totals."""

    def append(self, records: Sequence[FeatureRecord]) -> None:
        super().append(records)
        self.maintain(lambda _what, _done, _total: None)


class TestSqliteBackend(BackendContract):
    @pytest.fixture
    def make_backend(self, path):
        return lambda: SqliteBackend(path, busy_seconds=60)


class TestBackendWithTotals(BackendContract):
    @pytest.fixture
    def make_backend(self, path):
        return lambda: CountingBackend(path, busy_seconds=60)


def test_backend_offers_every_optional_part(backend: SqliteBackend) -> None:
    assert isinstance(backend, StorageBackend)
    assert isinstance(backend, BulkBackend)
    assert isinstance(backend, SelfMaintaining)
    assert isinstance(backend, Explaining)


@property_test
@given(data=st.data())
def test_totals_equal_a_fold_whatever_was_counted_in_between(
    make_backend: Callable[..., SqliteBackend], data: st.DataObject
) -> None:
    names = st.sampled_from(("f", "g", "\ud800"))
    given_batches = data.draw(
        st.lists(batches(records(text=names, more=st.just({}))), max_size=4).filter(
            lambda found: len({one.record_id for batch in found for one in batch}) == sum(map(len, found))
        )
    )
    kept: list[FeatureRecord] = []
    backend, reader = make_backend(), make_backend()
    try:
        for batch in given_batches:
            backend.append(batch)
            kept += batch
            for _time in range(2):
                where = data.draw(_questions(names))
                group_by = tuple(data.draw(st.lists(st.sampled_from(GROUPABLE), unique=True, max_size=3)))
                expected = fold((record for record in kept if where.matches(record)), group_by)
                assert_same_totals(reader.summaries(SummaryQuery(where, group_by)), expected.values())
            step = data.draw(st.sampled_from(("count", "delete", "nothing")))
            if step == "count":
                backend.maintain(lambda _what, _done, _total: None)
            elif step == "delete":
                gone = data.draw(_questions(names))
                assert backend.delete(gone) == sum(map(gone.matches, kept))
                kept = [record for record in kept if not gone.matches(record)]
        (total,) = [*reader.summaries(SummaryQuery(group_by=()))] or [Summary()]
        assert_same_totals([total], fold(kept, ()).values() or [Summary()])
    finally:
        backend.delete(EVERYTHING)


def _questions(names: st.SearchStrategy[str]) -> st.SearchStrategy[RecordQuery]:
    moment = st.none() | moments()
    return st.builds(
        RecordQuery,
        feature_name=st.none() | names,
        status=st.none() | st.sampled_from(FeatureStatus),
        user_ids=st.none() | st.frozensets(names, max_size=2),
        since_us=moment,
        until_us=moment,
    )
