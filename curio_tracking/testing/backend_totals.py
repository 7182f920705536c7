"""The part of the backends' suite about totals: summaries say what a plain fold says; declared features are shown."""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.queries import GROUPABLE, RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo, FeatureStatus
from curio_tracking.summaries import fold
from curio_tracking.testing.backend_examples import (
    EVERYTHING,
    MakeBackend,
    assert_same_totals,
    examples,
    property_test,
)
from curio_tracking.testing.backend_questions import QUERIES, name_of
from curio_tracking.testing.example_records import hostile_records, make_record
from curio_tracking.testing.hostile_texts import STORAGE_TEXTS
from curio_tracking.testing.strategies import batches, few_texts, queries, records

GROUPINGS = ((), *((name,) for name in GROUPABLE), ("feature_name", "category"), ("status", "user_id", "app"))


class TotalsContract:
    """What a backend answers when it is asked for totals."""

    @pytest.mark.parametrize("group_by", GROUPINGS, ids=lambda group_by: "-".join(group_by) or "nothing")
    def test_totals_by_every_field_equal_a_plain_fold(
        self, make_backend: MakeBackend, group_by: tuple[str, ...]
    ) -> None:
        backend = make_backend()
        for record in examples():
            backend.append([record])
        found = make_backend().summaries(SummaryQuery(group_by=group_by))
        assert_same_totals(found, fold(examples(), group_by).values())
        backend.close()

    @pytest.mark.parametrize("query", QUERIES, ids=name_of)
    def test_totals_of_a_query_equal_a_plain_fold(self, make_backend: MakeBackend, query: RecordQuery) -> None:
        backend = make_backend()
        backend.append(examples())
        expected = fold(filter(query.matches, examples()), ("feature_name",))
        assert_same_totals(backend.summaries(SummaryQuery(query, ("feature_name",))), expected.values())
        backend.close()

    @property_test
    @given(data=st.data())
    def test_summaries_equal_a_plain_fold(self, make_backend: MakeBackend, data: st.DataObject) -> None:
        batch = data.draw(batches(records(text=few_texts(), more=st.just({}))))
        group_by = tuple(data.draw(st.lists(st.sampled_from(GROUPABLE), unique=True, max_size=3)))
        where = data.draw(queries(batch))
        backend = make_backend()
        try:
            backend.append(batch)
            expected = fold(filter(where.matches, batch), group_by)
            assert_same_totals(backend.summaries(SummaryQuery(where, group_by)), expected.values())
        finally:
            backend.delete(EVERYTHING)
            backend.close()

    def test_summaries_ignore_the_limit(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append(examples())
        (summary,) = backend.summaries(SummaryQuery(RecordQuery(limit=1), ()))
        assert summary.total_calls == len(examples())
        backend.close()

    def test_records_that_stand_for_many_calls_count_as_many(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append(
            [
                make_record(1, duration=1.0, sample_weight=700.0, metadata={"_folded": 700}, user_id=None),
                make_record(2, duration=3.0, sample_weight=2.5, status=FeatureStatus.FAILED, efficiency_score=0.0),
                make_record(3, duration=2.0, sample_weight=1.0, efficiency_score=0.7),
            ]
        )
        (summary,) = make_backend().summaries(SummaryQuery(group_by=()))
        assert summary.weight == pytest.approx(703.5)
        assert summary.as_dict()["avg_duration"] == pytest.approx(709.5 / 703.5)
        assert summary.as_dict()["avg_efficiency"] == pytest.approx(0.7 / 3.5)
        backend.close()

    def test_features_of_hostile_names_are_counted_apart(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append(hostile_records())
        expected = fold(hostile_records(), ("feature_name", "category"))
        assert_same_totals(make_backend().summaries(SummaryQuery()), expected.values())
        backend.close()

    # -- declaring --------------------------------------------------------------------------------------------------

    def test_declared_feature_without_calls_is_listed(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append([make_record(feature_name="called")])
        backend.declare(
            [FeatureInfo("called", "file_operation", "app:called"), FeatureInfo("never", "other", "app:never")]
        )
        reader = make_backend()
        calls = Counter({summary.feature_name: summary.total_calls for summary in reader.summaries(SummaryQuery())})
        assert calls == {"called": 1, "never": 0}
        backend.close()
        reader.close()

    def test_feature_declared_many_times_is_listed_once(self, make_backend: MakeBackend) -> None:
        for place in range(5):
            backend = make_backend()
            for _again in range(2):
                backend.declare([FeatureInfo("never", "other", f"app_{place}:never")])
            backend.close()
        names = [summary.feature_name for summary in make_backend().summaries(SummaryQuery())]
        assert names == ["never"]

    def test_declared_feature_of_a_hostile_name_is_listed_under_it(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.declare([FeatureInfo(text, text, text) for text in STORAGE_TEXTS])
        found = {(summary.feature_name, summary.category) for summary in make_backend().summaries(SummaryQuery())}
        assert found == {(text, text) for text in STORAGE_TEXTS}
        backend.close()

    def test_declared_feature_is_shown_only_where_the_query_can_mean_it(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.declare([FeatureInfo("never", "other"), FeatureInfo("seldom", "sysmon")])
        for where in (RecordQuery(feature_name="never"), RecordQuery(category="other")):
            assert [summary.feature_name for summary in backend.summaries(SummaryQuery(where))] == ["never"]
        backend.close()

    def test_declared_feature_is_left_out_of_questions_about_users(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.declare([FeatureInfo("never", "other")])
        for where in (RecordQuery(user_ids=frozenset({"u1"})), RecordQuery(status=FeatureStatus.FAILED)):
            assert list(backend.summaries(SummaryQuery(where))) == []
        backend.close()
