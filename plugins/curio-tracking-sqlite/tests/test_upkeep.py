"""Upkeep: what is counted, what retention removes and leaves, and that the file really shrinks."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from curio_tracking.maintenance import Condition, Finding
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.summaries import fold
from curio_tracking.testing import make_record
from curio_tracking.testing.backend_examples import assert_same_totals
from curio_tracking_sqlite import counting, upkeep
from curio_tracking_sqlite.backend import SqliteBackend

DAY_US = 86_400_000_000
TODAY_US = time.time_ns() // 1000 // DAY_US * DAY_US
BY_FEATURE = ("feature_name", "category")
STATUSES = list(FeatureStatus)


def record_of_day(days_ago: int, number: int, **changes: object) -> FeatureRecord:
    values = {
        "start_us": TODAY_US - days_ago * DAY_US + number,
        "status": STATUSES[number % len(STATUSES)],
        "duration": 0.001 * (number + 1),
        "user_id": f"user {number % 7}",
        "efficiency_score": number % 10 / 10,
        "sample_weight": 1.0 + number % 3 / 2,
        "feature_name": f"feature {number % 3}",
    }
    return make_record(days_ago * 1_000_000 + number, **(values | changes))


def records_of(*days_ago: int, each: int = 40) -> list[FeatureRecord]:
    return [record_of_day(day, number) for day in days_ago for number in range(each)]


def maintained(backend: SqliteBackend) -> None:
    assert backend.maintain(lambda _what, _done, _total: None).failed is None


def assert_totals(backend: SqliteBackend, expected: list[FeatureRecord], **where: object) -> None:
    query = RecordQuery(**where)
    for group_by in (BY_FEATURE, ("status",), ("version", "feature_name"), ()):
        found = backend.summaries(SummaryQuery(query, group_by))
        assert_same_totals(found, fold(filter(query.matches, expected), group_by).values())


def finding_of(backend: SqliteBackend, part: str) -> Finding:
    return next(finding for finding in backend.inspect() if finding.part == part)


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "PORTION", 7)
    monkeypatch.setattr(upkeep, "_ROWS", 7)
    monkeypatch.setattr(upkeep, "_PAGES", 1)


# -- counting --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_portions")
def test_counted_days_give_the_same_totals(backend: SqliteBackend) -> None:
    records = records_of(0, 1, 2, 5)
    backend.append(records)
    maintained(backend)
    assert finding_of(backend, "days without totals yet").newest is None
    assert_totals(backend, records)


@pytest.mark.usefixtures("small_portions")
def test_half_counted_day_gives_the_same_totals(backend: SqliteBackend) -> None:
    records = records_of(1)
    backend.append(records)
    for _piece in range(2):
        backend.rest(lambda: False)
    assert_totals(backend, records)


def test_late_records_of_a_counted_day_are_counted_as_well(backend: SqliteBackend) -> None:
    records = records_of(3)
    backend.append(records)
    maintained(backend)
    late = [record_of_day(3, number) for number in range(100, 120)]
    backend.append(late)
    assert_totals(backend, records + late)
    maintained(backend)
    assert_totals(backend, records + late)


def test_answer_follows_what_other_processes_count(
    backend: SqliteBackend, make_backend: Callable[..., SqliteBackend]
) -> None:
    reader = make_backend()
    records = records_of(1, 2)
    backend.append(records)
    maintained(backend)
    assert_totals(reader, records)
    backend.delete(RecordQuery(feature_name="feature 1"))
    maintained(backend)
    assert_totals(reader, [record for record in records if record.feature_name != "feature 1"])


def test_piece_of_a_counted_day_is_read_from_its_records(backend: SqliteBackend) -> None:
    records = records_of(1, 2, 3)
    backend.append(records)
    maintained(backend)
    start = TODAY_US - 3 * DAY_US + 17
    assert_totals(backend, records, since_us=start, until_us=start + DAY_US)


def test_quiet_moments_count_finished_days_alone(backend: SqliteBackend) -> None:
    backend.append(records_of(0, 2))
    for _moment in range(5):
        backend.rest(lambda: False)
    assert finding_of(backend, "days with totals").newest == finding_of(backend, "days with totals").oldest
    assert finding_of(backend, "days without totals yet").newest is not None


def test_quiet_moment_that_is_none_does_nothing(backend: SqliteBackend) -> None:
    backend.append(records_of(2))
    backend.rest(lambda: True)
    assert finding_of(backend, "days with totals").newest is None


def test_totals_of_other_sketches_are_not_used(path: Path, backend: SqliteBackend) -> None:
    records = records_of(2, 3)
    backend.append(records)
    maintained(backend)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE days SET sketches = 'of another version'")
    connection.execute("UPDATE totals SET durations = 'unknown', users = 'unknown'")
    connection.commit()
    connection.close()
    assert_totals(backend, records)
    maintained(backend)
    assert finding_of(backend, "days without totals yet").newest is None
    assert_totals(backend, records)


# -- retention -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_portions")
def test_old_records_go_and_their_totals_stay(make_backend: Callable[..., SqliteBackend]) -> None:
    backend = make_backend(retention_days=10)
    records = records_of(0, 9, 11, 30)
    backend.append(records)
    maintained(backend)
    young = [record for record in records if record.start_us >= TODAY_US - 10 * DAY_US]
    assert sorted(record.record_id for record in backend.records(RecordQuery())) == sorted(
        record.record_id for record in young
    )
    assert_totals(backend, records)


def test_no_retention_keeps_everything(make_backend: Callable[..., SqliteBackend]) -> None:
    backend = make_backend(retention_days=0)
    backend.append(records_of(4000))
    maintained(backend)
    assert len(list(backend.records(RecordQuery()))) == 40


def clock_set_by(days: float, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead_ns = round(days * DAY_US) * 1000
    monkeypatch.setattr(time, "time_ns", lambda shown=time.time_ns: shown() + ahead_ns)


def test_clock_that_is_set_ahead_while_the_process_runs_makes_no_record_old(
    make_backend: Callable[..., SqliteBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_backend(retention_days=10)
    backend.append(records := records_of(0, 9, 11))
    clock_set_by(400, monkeypatch)
    maintained(backend)
    assert len(list(backend.records(RecordQuery()))) == 80
    assert_totals(backend, records)


def test_clock_that_is_set_back_while_the_process_runs_makes_records_young(
    make_backend: Callable[..., SqliteBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_backend(retention_days=10)
    backend.append(records_of(9, 11))
    clock_set_by(-400, monkeypatch)
    maintained(backend)
    assert len(list(backend.records(RecordQuery()))) == 80


def test_records_grow_old_while_the_process_runs_also_when_the_machine_slept(
    make_backend: Callable[..., SqliteBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_backend(retention_days=10)
    backend.append(records_of(9))
    clock_set_by(5, monkeypatch)
    monkeypatch.setattr(upkeep, "gone_by_ns", lambda shown=upkeep.gone_by_ns: shown() + 5 * DAY_US * 1000)
    maintained(backend)
    assert list(backend.records(RecordQuery())) == []


@pytest.mark.usefixtures("small_portions")
def test_totals_are_right_in_the_middle_of_retention(make_backend: Callable[..., SqliteBackend]) -> None:
    backend = make_backend(retention_days=10)
    records = records_of(30)
    backend.append(records)
    left = len(records)
    while left:
        backend.rest(lambda: False)
        assert_totals(backend, records)
        left = len(list(backend.records(RecordQuery())))


def test_late_records_of_a_retired_day_are_added_to_its_totals(make_backend: Callable[..., SqliteBackend]) -> None:
    backend = make_backend(retention_days=10)
    records = records_of(30)
    backend.append(records)
    maintained(backend)
    # every row is gone: a new one must not be taken for one that was counted
    late = [record_of_day(30, number) for number in range(200, 210)]
    backend.append(late)
    assert_totals(backend, records + late)
    maintained(backend)
    assert list(backend.records(RecordQuery())) == []
    assert_totals(backend, records + late)


def test_retired_day_is_counted_as_a_whole_and_said_so(make_backend: Callable[..., SqliteBackend]) -> None:
    backend = make_backend(retention_days=10)
    backend.append(records_of(30))
    maintained(backend)
    query = SummaryQuery(RecordQuery(since_us=TODAY_US - 30 * DAY_US + 20), ())
    (summary,) = backend.summaries(query)
    assert summary.total_calls == round(sum(record.sample_weight for record in records_of(30)))
    assert [remark for remark in backend.remarks(query) if "whole day is counted" in remark]


def test_question_about_users_says_that_old_records_are_gone(make_backend: Callable[..., SqliteBackend]) -> None:
    backend = make_backend(retention_days=10)
    backend.append(records_of(30))
    maintained(backend)
    query = SummaryQuery(RecordQuery(user_ids=frozenset({"user 1"})))
    assert list(backend.summaries(query)) == []
    assert [remark for remark in backend.remarks(query) if "only totals are known" in remark]


def test_deleting_a_feature_deletes_its_totals_without_records(make_backend: Callable[..., SqliteBackend]) -> None:
    backend = make_backend(retention_days=10)
    records = [replace(record, sample_weight=1.0) for record in records_of(0, 30)]
    backend.append(records)
    maintained(backend)
    of_feature = [record for record in records if record.feature_name == "feature 2"]
    assert backend.delete(RecordQuery(feature_name="feature 2")) == len(of_feature)
    assert_totals(backend, [record for record in records if record.feature_name != "feature 2"])


def test_days_without_records_are_a_finding(make_backend: Callable[..., SqliteBackend]) -> None:
    backend = make_backend(retention_days=10)
    backend.append(records_of(30))
    maintained(backend)
    finding = finding_of(backend, "days without records")
    assert (finding.condition, finding.advice) == (Condition.OK, "1 days are kept as totals alone (RETENTION_DAYS)")


# -- space -----------------------------------------------------------------------------------------------------------


def test_deleted_records_give_their_space_back(path: Path, backend: SqliteBackend) -> None:
    backend.append([record_of_day(0, number, error_message="text " * 500) for number in range(1000)])
    maintained(backend)
    before = path.stat().st_size
    backend.delete(RecordQuery())
    maintained(backend)
    assert path.stat().st_size < before / 10
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0


def test_deleted_text_is_nowhere_in_the_files(path: Path, backend: SqliteBackend) -> None:
    secret = "somebody who wants to be forgotten"
    backend.append([record_of_day(0, number, user_id=secret) for number in range(50)])
    assert any(secret.encode() in found.read_bytes() for found in path.parent.iterdir())
    backend.delete(RecordQuery(user_ids=frozenset({secret})))
    assert not [found for found in path.parent.iterdir() if secret.encode() in found.read_bytes()]


def test_report_says_what_was_done(backend: SqliteBackend) -> None:
    backend.append(records_of(1, 2))
    told: list[str] = []
    report = backend.maintain(lambda what, _done, _total: told.append(what))
    assert (report.done, set(told)) == (len(told), {"counting"})
    assert report.bytes_before > 0


def test_second_round_has_nothing_to_do(backend: SqliteBackend) -> None:
    backend.append(records_of(0, 1))
    maintained(backend)
    assert backend.maintain(lambda _what, _done, _total: None).done == 0
