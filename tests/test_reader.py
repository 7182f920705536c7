"""The API's answers: names checked, users found under their pseudonyms, most used first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curio_tracking import tracking_context
from curio_tracking.errors import QueryError, UnknownNameError
from curio_tracking.queries import SummaryQuery
from curio_tracking.reader import Reader
from curio_tracking.records import FeatureInfo, FeatureRecord, FeatureStatus
from curio_tracking.storage.memory import MemoryBackend
from curio_tracking.summaries import STATISTICS, Summary


def make_record(number: int, category: str = "other") -> FeatureRecord:
    return FeatureRecord(f"r{number}", "work", category, FeatureStatus.SUCCESS, number, 0.1)


@pytest.fixture
def filled(make_tracker: Any) -> Any:
    tracker = make_tracker()
    one = tracker.track_feature("one", "sysmon")(lambda: None)
    two = tracker.track_feature("two", "database_operation")(lambda: None)
    with tracking_context(user_id="ann"):
        one()
        two()
    with tracking_context(user_id="bob"):
        two()
    return tracker


def test_top_features_are_ordered_by_calls(filled: Any) -> None:
    assert [(row["feature_name"], row["total_calls"]) for row in filled.top_features()] == [("two", 2), ("one", 1)]
    assert [row["feature_name"] for row in filled.top_features(limit=1)] == ["two"]
    assert [row["feature_name"] for row in filled.top_features(category="SYSMON")] == ["one"]


def test_stats_have_the_public_keys_and_count_users(filled: Any) -> None:
    stats = filled.stats("two")
    assert tuple(stats) == STATISTICS
    assert (stats["total_calls"], stats["unique_users"], stats["success_rate"]) == (2, 2, 100.0)
    assert filled.stats("three") is None


def test_stats_over_several_categories_name_none(make_tracker: Any) -> None:
    tracker = make_tracker()
    for category in ("sysmon", "other"):
        tracker.track_feature("f", category)(lambda: None)()
    assert (tracker.stats("f")["category"], tracker.stats("f")["total_calls"]) == (None, 2)
    assert (tracker.stats("f", category="sysmon")["category"], tracker.stats("f", "sysmon")["total_calls"]) == (
        "sysmon",
        1,
    )


def test_records_of_a_user_are_found_by_the_plain_id_although_it_is_not_stored(filled: Any) -> None:
    assert {record.feature_name for record in filled.records(user_id="ann")} == {"one", "two"}
    assert filled.records(user_id="nobody") == []
    assert all("ann" not in str(record.as_dict()) for record in filled.records())


def test_plain_ids_are_stored_and_found_when_anonymize_is_off(make_tracker: Any) -> None:
    tracker = make_tracker(anonymize=False)
    with tracking_context(user_id="ann"):
        tracker.track_feature("f")(lambda: None)()
    assert [record.user_id for record in tracker.records(user_id="ann")] == ["ann"]


def test_records_are_newest_first_and_limited(filled: Any) -> None:
    assert [record.feature_name for record in filled.records(limit=2)] == ["two", "two"]
    assert len(filled.records(limit=0)) == 3


def test_time_range_is_half_open_and_checked(filled: Any) -> None:
    assert len(filled.records(since="1h")) == 3
    assert filled.records(until="2020-01-01") == []
    with pytest.raises(QueryError, match="is not after"):
        filled.records(since="2026-02-01", until="2026-01-01")
    with pytest.raises(QueryError, match="cannot read the time"):
        filled.records(since="yesterday-ish")


def test_unknown_names_are_answered_with_what_there_is(filled: Any) -> None:
    with pytest.raises(UnknownNameError, match=r'unknown category "sysmonn".*did you mean "sysmon"'):
        filled.records(category="sysmonn")
    with pytest.raises(UnknownNameError, match="known: success, failed, partial, timeout"):
        filled.records(status="great")


class Counting(MemoryBackend):
    """Counts the questions about totals."""

    questions = 0

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        self.questions += 1
        return super().summaries(query)


@pytest.fixture
def strange(data_dir: Path) -> Counting:
    """A store with records and a declaration of categories that no installed plugin knows."""
    backend = Counting(str(data_dir))
    backend.append([make_record(1, category="billing"), make_record(2, category="Old-Stock"), make_record(3)])
    backend.declare([FeatureInfo("never_called", "planned")])
    return backend


def reader_of(backend: MemoryBackend) -> Reader:
    return Reader(backend, ("other", "sysmon"), lambda user_id: frozenset({user_id}))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("billing", "billing"),
        (" BILLING ", "billing"),
        ("Old-Stock", "Old-Stock"),
        ("old_stock", "Old-Stock"),
        ("planned", "planned"),
    ],
)
def test_category_that_only_the_store_has_can_be_asked_for(strange: Counting, given: str, meant: str) -> None:
    assert reader_of(strange).where(category=given).category == meant


def test_store_is_not_asked_about_a_known_category(strange: Counting) -> None:
    reader_of(strange).where(category="Sysmon")
    assert strange.questions == 0


def test_unknown_category_is_answered_with_the_known_and_the_stored_ones(strange: Counting) -> None:
    with pytest.raises(UnknownNameError) as caught:
        reader_of(strange).where(category="bilingl")
    assert str(caught.value) == (
        'unknown category "bilingl"; known: other, sysmon; in the store: Old-Stock, billing, planned; '
        'did you mean "billing"?'
    )
