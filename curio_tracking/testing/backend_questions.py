"""The part of the backends' suite that asks: queries, totals, declared features, deletion. `backends` inherits it."""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.queries import GROUPABLE, RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo, FeatureStatus
from curio_tracking.summaries import fold
from curio_tracking.testing.backend_examples import (
    EVERYTHING,
    TWO_DAYS_US,
    assert_same_totals,
    examples,
    newest_first,
    property_test,
)
from curio_tracking.testing.filters import START_US, make_record
from curio_tracking.testing.strategies import batches, records

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking.interfaces import StorageBackend


def _name_of(query: RecordQuery) -> str:
    """Name a test's query alike in every process: the text of a frozenset differs, and parallel runs need one name."""
    return "-".join(
        f"{spec.name}={sorted(value) if isinstance(value, frozenset) else value}"
        for spec in fields(query)
        if (value := getattr(query, spec.name)) not in (None, 0)
    )


class QuestionContract:
    """What a backend answers, and what is gone once it is deleted."""

    # -- asking -----------------------------------------------------------------------------------------------------

    def test_limit_keeps_the_newest(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        backend.append(examples())
        for limit in (1, 2, len(examples()), len(examples()) + 1):
            assert list(backend.records(RecordQuery(limit=limit))) == newest_first(examples())[:limit]
        backend.close()

    @pytest.mark.parametrize(
        "query",
        [
            RecordQuery(feature_name="export_pdf"),
            RecordQuery(feature_name='a name, with "quotes" and\na break'),
            RecordQuery(feature_name="export"),
            RecordQuery(category="database_operation"),
            RecordQuery(status=FeatureStatus.FAILED),
            RecordQuery(user_ids=frozenset({"u1"})),
            RecordQuery(user_ids=frozenset({"u1", "u2"})),
            RecordQuery(user_ids=frozenset()),
            RecordQuery(record_ids=frozenset({make_record(3).record_id})),
            RecordQuery(record_ids=frozenset({make_record(2).record_id, make_record(4).record_id, "unknown"})),
            RecordQuery(since_us=START_US + 2),
            RecordQuery(until_us=START_US + 2),
            RecordQuery(since_us=START_US + 1, until_us=START_US + 3),
            RecordQuery(since_us=START_US + TWO_DAYS_US),
            RecordQuery(since_us=-(10**18), until_us=10**18),
            RecordQuery(feature_name="export_pdf", category="other", status=FeatureStatus.SUCCESS, limit=1),
            RecordQuery(user_ids=frozenset({"u1"}), since_us=START_US + 1, limit=2),
        ],
        ids=_name_of,
    )
    def test_query_finds_what_it_describes(
        self, make_backend: Callable[[], StorageBackend], query: RecordQuery
    ) -> None:
        backend = make_backend()
        backend.append(examples())
        expected = [record for record in newest_first(examples()) if query.matches(record)]
        assert list(backend.records(query)) == (expected[: query.limit] if query.limit else expected)
        backend.close()

    def test_record_at_since_is_in_and_at_until_is_out(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        whole_second = START_US // 1_000_000 * 1_000_000
        batch = [make_record(number, start_us=whole_second + shift) for number, shift in enumerate((-1, 0, 1))]
        backend.append(batch)
        assert list(backend.records(RecordQuery(since_us=whole_second))) == [batch[2], batch[1]]
        assert list(backend.records(RecordQuery(until_us=whole_second))) == [batch[0]]
        backend.close()

    @property_test
    @given(data=st.data())
    def test_summaries_equal_a_plain_fold(
        self, make_backend: Callable[[], StorageBackend], data: st.DataObject
    ) -> None:
        names = st.sampled_from(("f", "g", "h"))
        batch = data.draw(batches(records(text=names, more=st.just({}))))
        group_by = tuple(data.draw(st.lists(st.sampled_from(GROUPABLE), unique=True, max_size=3)))
        where = data.draw(
            st.builds(RecordQuery, feature_name=st.none() | names, status=st.none() | st.sampled_from(FeatureStatus))
        )
        backend = make_backend()
        try:
            backend.append(batch)
            expected = fold((record for record in batch if where.matches(record)), group_by)
            assert_same_totals(backend.summaries(SummaryQuery(where, group_by)), expected.values())
        finally:
            backend.delete(EVERYTHING)
            backend.close()

    def test_summaries_ignore_the_limit(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        backend.append(examples())
        (summary,) = backend.summaries(SummaryQuery(RecordQuery(limit=1), ()))
        assert summary.total_calls == len(examples())
        backend.close()

    # -- declaring --------------------------------------------------------------------------------------------------

    def test_declared_feature_without_calls_is_listed(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        backend.append([make_record(feature_name="called")])
        for _time in range(2):
            backend.declare(
                [FeatureInfo("called", "file_operation", "app:called"), FeatureInfo("never", "other", "app:never")]
            )
        reader = make_backend()
        calls = Counter({summary.feature_name: summary.total_calls for summary in reader.summaries(SummaryQuery())})
        assert calls == {"called": 1, "never": 0}
        assert [summary.feature_name for summary in reader.summaries(SummaryQuery(group_by=("feature_name",)))].count(
            "never"
        ) == 1
        backend.close()
        reader.close()

    def test_declared_feature_is_left_out_of_questions_about_users(
        self, make_backend: Callable[[], StorageBackend]
    ) -> None:
        backend = make_backend()
        backend.declare([FeatureInfo("never", "other")])
        for where in (RecordQuery(user_ids=frozenset({"u1"})), RecordQuery(status=FeatureStatus.FAILED)):
            assert list(backend.summaries(SummaryQuery(where))) == []
        backend.close()

    # -- deleting ---------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "query",
        [
            RecordQuery(user_ids=frozenset({"u1"})),
            RecordQuery(feature_name="export_pdf"),
            RecordQuery(until_us=START_US + 2),
            RecordQuery(status=FeatureStatus.FAILED, limit=1),
            RecordQuery(record_ids=frozenset({make_record(3).record_id})),
            RecordQuery(feature_name="unknown"),
            EVERYTHING,
        ],
        ids=_name_of,
    )
    def test_deleted_records_are_gone_and_others_stay(
        self, make_backend: Callable[[], StorageBackend], query: RecordQuery
    ) -> None:
        backend = make_backend()
        backend.append(examples())
        every = replace(query, limit=0)
        assert backend.delete(query) == sum(map(every.matches, examples()))
        kept = [record for record in newest_first(examples()) if not every.matches(record)]
        reader = make_backend()
        assert list(backend.records(EVERYTHING)) == kept
        assert list(reader.records(EVERYTHING)) == kept
        assert backend.delete(query) == 0
        backend.append([make_record(99)])
        assert list(reader.records(EVERYTHING)) == newest_first([*kept, make_record(99)])
        backend.close()
        reader.close()
