"""What is copied arrives as it is, once, and is seen to have arrived; what did not is reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moving import DAY_US, move, over_days
from shelf_backend import ShelfBackend

from curio_tracking.interfaces import StorageBackend
from curio_tracking.migrating.migration import MOST_DAYS, Migration, batches
from curio_tracking.migrating.outcome import Agreement
from curio_tracking.migrating.sides import Side
from curio_tracking.migrating.survey import survey, totals
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo, FeatureRecord
from curio_tracking.storage.csv import CsvBackend
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.summaries import Summary
from curio_tracking.testing.backend_examples import EVERYTHING, newest_first
from curio_tracking.testing.filters import make_record
from curio_tracking.testing.strategies import batches as record_batches
from curio_tracking.testing.strategies import infos, json_texts, records

MAKERS: dict[str, Callable[[Path], StorageBackend]] = {
    "tinyflux": TinyFluxBackend,
    "csv": CsvBackend,
    "shelf": lambda place: ShelfBackend(place / "shelf.sqlite"),
}
PAIRS = [(one, other) for one in MAKERS for other in MAKERS if one != other]
# JSON, in which the third store keeps records, takes two lone surrogates that form a pair for one character
RECORDS = records(text=json_texts())
property_test = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors]
)


def held(backend: StorageBackend) -> list[FeatureRecord]:
    return list(backend.records(EVERYTHING))


# -- copying --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), PAIRS)
@property_test
@given(batch=record_batches(RECORDS), declared=st.lists(infos(), max_size=3))
def test_every_record_and_statistic_arrives(
    old: str, new: str, batch: list[FeatureRecord], declared: list[FeatureInfo]
) -> None:
    with TemporaryDirectory() as place:
        source, target = MAKERS[old](Path(place, "old")), MAKERS[new](Path(place, "new"))
        source.append(batch)
        source.declare(declared)
        outcome = move(source, target)
        assert outcome.is_good
        assert held(target) == newest_first(batch)
        assert shown(target) == shown(source)
        target.close()


def shown(backend: StorageBackend) -> list[tuple[str, str, int]]:
    return sorted(
        (str(one.feature_name), str(one.category), one.total_calls) for one in backend.summaries(SummaryQuery())
    )


def test_outcome_says_what_was_done(source: TinyFluxBackend, target: CsvBackend, small_pages: None) -> None:
    source.append(over_days(40))
    outcome = move(source, target)
    assert (outcome.sent.records, outcome.copied, outcome.already_there, outcome.verified) == (40, 40, 0, 40)
    assert outcome.sent == outcome.arrived
    assert outcome.statistics is Agreement.EQUAL


def test_source_stays_as_it_is(source: TinyFluxBackend, target: CsvBackend, small_pages: None) -> None:
    source.append(over_days(40))
    move(source, target)
    assert held(source) == newest_first(over_days(40))


def test_places_of_declared_features_come_along(source: TinyFluxBackend, target: CsvBackend) -> None:
    source.declare([FeatureInfo("never", "other", "module:function")])
    move(source, target)
    assert list(target.declared()) == [FeatureInfo("never", "other", "module:function")]


def test_batches_cover_few_days_each() -> None:
    sparse = newest_first([make_record(0, record_id=f"r{n:03}", start_us=n * DAY_US) for n in range(200)])
    found = list(batches(sparse))
    assert max(len({record.start_us // DAY_US for record in batch}) for batch in found) == MOST_DAYS
    assert newest_first([record for batch in found for record in batch]) == sparse


def test_calls_that_come_meanwhile_do_not_hide_those_whose_records_are_gone(
    tmp_path: Path, target: CsvBackend, retained: Callable[[list[FeatureRecord]], TinyFluxBackend]
) -> None:
    source = retained(aged(AGES))
    found = survey(Side("old", source))
    source.append(aged([4, 5]))
    migration = Migration(Side("old", source), found, Side("new", target), Side("new", target))
    for _step in migration.steps():
        pass
    assert migration.outcome.lost_calls == 3


# -- again ----------------------------------------------------------------------------------------------------------


def test_second_run_copies_nothing_and_verifies_everything(
    source: TinyFluxBackend, target: CsvBackend, small_pages: None
) -> None:
    source.append(over_days(40))
    move(source, target)
    outcome = move(source, target)
    assert (outcome.copied, outcome.already_there, outcome.verified) == (0, 40, 40)


@pytest.mark.parametrize("there", [slice(0, 7), slice(33, 40), slice(None, None, 3), slice(10, 20)])
def test_what_is_missing_is_completed_and_nothing_doubled(
    source: TinyFluxBackend, target: CsvBackend, small_pages: None, there: slice
) -> None:
    source.append(over_days(40))
    target.append(over_days(40)[there])
    outcome = move(source, target)
    assert outcome.already_there == len(over_days(40)[there])
    assert held(target) == newest_first(over_days(40))


def test_records_that_came_meanwhile_are_copied_by_a_second_run(
    source: TinyFluxBackend, target: CsvBackend, small_pages: None
) -> None:
    source.append(over_days(40)[:30])
    move(source, target)
    source.append(over_days(40)[30:])
    assert move(source, target).copied == 10
    assert held(target) == newest_first(over_days(40))


def test_other_records_of_the_target_are_left_alone(
    source: TinyFluxBackend, target: CsvBackend, small_pages: None
) -> None:
    others = [replace(one, record_id=f"other {one.record_id}") for one in over_days(20)]
    source.append(over_days(20))
    target.append(others)
    outcome = move(source, target)
    assert outcome.is_good
    assert outcome.statistics is Agreement.NOT_COMPARED
    assert held(target) == newest_first([*over_days(20), *others])


# -- targets that have removed records and kept their totals ---------------------------------------------------------

AGES = (1, 2, 3, 100, 101, 150)
"""Days; retention removes the latter three."""


def aged(days: Sequence[int]) -> list[FeatureRecord]:
    now_us = time.time_ns() // 1000
    return [make_record(0, record_id=f"age {age}", start_us=now_us - age * DAY_US) for age in days]


@pytest.fixture
def retained(tmp_path: Path) -> Iterator[Callable[[list[FeatureRecord]], TinyFluxBackend]]:
    """Make a store that has kept these records, and then removed those that are older than ninety days."""

    def make(kept: list[FeatureRecord]) -> TinyFluxBackend:
        writer = TinyFluxBackend(tmp_path / "retained", retention_days=90)
        writer.append(kept)
        writer.close()
        assert not writer.maintain(lambda _what, _done, _total: None).failed
        return TinyFluxBackend(tmp_path / "retained")

    return make


def test_record_that_the_target_counts_without_holding_it_is_not_counted_again(
    tmp_path: Path, retained: Callable[[list[FeatureRecord]], TinyFluxBackend]
) -> None:
    kept = aged(AGES)
    source = CsvBackend(tmp_path / "source")
    source.append(kept)
    target = retained(kept)
    outcome = move(source, target)
    assert (outcome.copied, outcome.already_there, outcome.left_out, outcome.lost_calls) == (0, 3, 3, 0)
    assert totals(TinyFluxBackend(tmp_path / "retained"), EVERYTHING).total_calls == len(AGES)


def test_record_that_is_older_than_all_that_the_target_has_counted_is_copied_once(
    tmp_path: Path, retained: Callable[[list[FeatureRecord]], TinyFluxBackend]
) -> None:
    kept = aged([*AGES, 170, 180])
    source = CsvBackend(tmp_path / "source")
    source.append(kept)
    target = retained(kept[: len(AGES)])
    outcome = move(source, target)
    assert (outcome.copied, outcome.left_out, outcome.is_good) == (2, 3, True)
    again = move(source, TinyFluxBackend(tmp_path / "retained"))
    assert (again.copied, again.already_there, again.left_out) == (0, 5, 3)


# -- only looking ---------------------------------------------------------------------------------------------------


def test_rehearsal_counts_and_writes_nothing(source: TinyFluxBackend, tmp_path: Path, small_pages: None) -> None:
    source.append(over_days(40))
    outcome = move(source, CsvBackend(tmp_path / "nowhere"), is_dry=True)
    assert (outcome.sent.records, outcome.missing, outcome.copied) == (40, 40, 0)
    assert not (tmp_path / "nowhere").exists()


def test_rehearsal_tells_what_is_there(source: TinyFluxBackend, target: CsvBackend, small_pages: None) -> None:
    source.append(over_days(40))
    target.append(over_days(40)[:25])
    outcome = move(source, target, is_dry=True)
    assert (outcome.already_there, outcome.missing) == (25, 15)


def test_rehearsal_reports_another_record_under_the_same_id(
    source: TinyFluxBackend, target: CsvBackend, small_pages: None
) -> None:
    source.append(over_days(40))
    target.append([replace(over_days(40)[17], feature_name="another")])
    outcome = move(source, target, is_dry=True)
    assert [wrong.example for wrong in outcome.mismatches] == ["r0017"]


# -- targets that do not keep what they are given -------------------------------------------------------------------


class Losing(CsvBackend):
    """Acknowledges one record that it does not keep."""

    def append(self, records: Sequence[FeatureRecord]) -> None:
        super().append([record for record in records if record.record_id != "r0017"])


class Altering(CsvBackend):
    """Keeps a duration with less precision."""

    def append(self, records: Sequence[FeatureRecord]) -> None:
        super().append(
            [replace(one, duration=round(one.duration)) if one.record_id == "r0017" else one for one in records]
        )


class Doubling(CsvBackend):
    """Keeps one record twice."""

    def append(self, records: Sequence[FeatureRecord]) -> None:
        super().append([*records, *(record for record in records if record.record_id == "r0017")])


@pytest.mark.parametrize(
    ("kind", "found", "missing", "different", "example"),
    [(Losing, 9, 1, 0, "r0017"), (Altering, 10, 0, 1, "r0017"), (Doubling, 11, 0, 0, None)],
)
def test_what_did_not_arrive_is_named(
    source: TinyFluxBackend,
    tmp_path: Path,
    small_pages: None,
    kind: type[CsvBackend],
    found: int,
    missing: int,
    different: int,
    example: str | None,
) -> None:
    source.append(over_days(40))
    outcome = move(source, kind(tmp_path / "bad"))
    (wrong,) = outcome.mismatches
    assert (wrong.expected, wrong.found, wrong.missing, wrong.different) == (10, found, missing, different)
    assert wrong.example == example
    assert wrong.since_us <= over_days(40)[17].start_us < wrong.until_us


@pytest.mark.parametrize("kind", [Losing, Altering, Doubling])
def test_all_other_pages_are_copied_and_verified(
    source: TinyFluxBackend, tmp_path: Path, small_pages: None, kind: type[CsvBackend]
) -> None:
    source.append(over_days(40))
    outcome = move(source, kind(tmp_path / "bad"))
    assert (outcome.copied, outcome.verified) == (40, 30)
    assert outcome.sent != outcome.arrived


def test_another_record_under_the_same_id_is_never_overwritten(
    source: TinyFluxBackend, target: CsvBackend, small_pages: None
) -> None:
    source.append(over_days(40))
    other = replace(over_days(40)[17], feature_name="another")
    target.append([other])
    outcome = move(source, target)
    assert [wrong.example for wrong in outcome.mismatches] == ["r0017"]
    assert other in held(target)


class Miscounting(CsvBackend):
    """Keeps records, and forgets one feature in its statistics."""

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        yield from (one for one in super().summaries(query) if one.feature_name != "feature 3")


def test_statistics_that_the_records_do_not_say_are_reported(
    source: TinyFluxBackend, tmp_path: Path, small_pages: None
) -> None:
    source.append(over_days(40))
    outcome = move(source, Miscounting(tmp_path / "bad"))
    assert outcome.statistics is Agreement.DIFFERENT
    assert outcome.differences == ['"feature 3" (file_operation): total_calls is 0 instead of 8']


# -- what is read ---------------------------------------------------------------------------------------------------


class Asked(CsvBackend):
    """Remembers what it was asked."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked: list[RecordQuery] = []

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        self.asked.append(query)
        return super().records(query)


def test_empty_target_is_not_asked_what_it_holds(source: TinyFluxBackend, tmp_path: Path, small_pages: None) -> None:
    source.append(over_days(40))
    reader = Asked(tmp_path / "target")
    move(source, CsvBackend(tmp_path / "target"), reader)
    assert len([query for query in reader.asked if query.record_ids]) == 4  # each of four pages once, after copying


def test_target_is_asked_for_a_page_at_a_time(source: TinyFluxBackend, tmp_path: Path, small_pages: None) -> None:
    source.append(over_days(40))
    reader = Asked(tmp_path / "target")
    CsvBackend(tmp_path / "target").append(over_days(40))
    move(source, CsvBackend(tmp_path / "target"), reader)
    assert {len(query.record_ids) for query in reader.asked if query.record_ids} == {10}
