"""Staging: many records at once, all of them or none, beside others who write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from curio_tracking.interfaces import BulkBackend
from curio_tracking.queries import SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.summaries import fold
from curio_tracking.testing import START_US, make_record
from curio_tracking.testing.backend_examples import EVERYTHING, assert_same_totals
from curio_tracking_sqlite.backend import SqliteBackend

DAY_US = 86_400_000_000
BY_FEATURE = ("feature_name", "category")


def records_of(*days: int, first: int = 100) -> list[FeatureRecord]:
    return [
        make_record(
            day * 1000 + number, start_us=START_US + day * DAY_US + number, feature_name=f"feature {number % 3}"
        )
        for day in days
        for number in range(first, first + 40)
    ]


def assert_totals(backend: SqliteBackend, expected: list[FeatureRecord]) -> None:
    assert_same_totals(backend.summaries(SummaryQuery(group_by=BY_FEATURE)), fold(expected, BY_FEATURE).values())


def test_batches_are_taken_all_together(backend: SqliteBackend) -> None:
    assert isinstance(backend, BulkBackend)
    records = records_of(0, 1, 2)
    backend.append(records[:10])
    assert backend.append_all(iter([records[:50], [], records[50:]])) == len(records)
    assert_totals(backend, records)
    assert len(list(backend.records(EVERYTHING))) == len(records)


def test_batches_that_break_off_leave_nothing(backend: SqliteBackend) -> None:
    def broken():
        yield records_of(0)
        raise KeyboardInterrupt

    backend.append([make_record()])
    with pytest.raises(KeyboardInterrupt):
        backend.append_all(broken())
    assert list(backend.records(EVERYTHING)) == [make_record()]
    assert backend.append_all([records_of(0)]) == 40


def test_batch_that_cannot_be_stored_leaves_nothing(backend: SqliteBackend) -> None:
    with pytest.raises(ValueError, match="cannot be stored"):
        backend.append_all([records_of(0), [make_record(duration=float("nan"))]])
    assert list(backend.records(EVERYTHING)) == []


def test_batches_may_ask_what_is_there_and_others_may_write_meanwhile(
    backend: SqliteBackend, make_backend: Callable[..., SqliteBackend]
) -> None:
    other = make_backend(busy_seconds=0)
    other.append([make_record(1)])

    def batches():
        assert list(backend.records(EVERYTHING)) == [make_record(1)]
        yield records_of(1)
        other.append([make_record(2)])
        assert list(backend.records(EVERYTHING)) == [make_record(2), make_record(1)]
        yield records_of(2)

    assert backend.append_all(batches()) == 80
    assert len(list(other.records(EVERYTHING))) == 82


def test_late_records_in_batches_are_counted_as_well(backend: SqliteBackend) -> None:
    records = records_of(5)
    backend.append(records)
    backend.maintain(lambda _what, _done, _total: None)
    late = records_of(5, first=200)
    backend.append_all([late])
    assert_totals(backend, records + late)
