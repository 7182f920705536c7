"""The record: exact times, and a dictionary form that loses nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curio_tracking.records import (
    RECORD_FIELDS,
    FeatureRecord,
    FeatureStatus,
    from_microseconds,
    iso_time,
    to_microseconds,
)
from curio_tracking.testing import make_record
from curio_tracking.testing.strategies import records

law = settings(deadline=None)
moments_us = st.integers(-(10**15), 10**17)


@law
@given(microseconds=moments_us)
def test_microseconds_survive_the_way_over_datetime(microseconds: int) -> None:
    assert to_microseconds(from_microseconds(microseconds)) == microseconds


@law
@given(microseconds=moments_us)
def test_iso_time_names_the_very_microsecond(microseconds: int) -> None:
    text = iso_time(microseconds)
    assert to_microseconds(datetime.fromisoformat(text)) == microseconds
    assert (len(text), text[-8], text[-1]) == (27, ".", "Z")


def test_times_of_other_zones_become_utc() -> None:
    noon_in_delhi = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert iso_time(to_microseconds(noon_in_delhi)) == "2026-11-22T06:30:00.000000Z"


@law
@given(record=records())
def test_record_survives_the_way_over_a_dictionary(record: FeatureRecord) -> None:
    assert FeatureRecord.from_dict(record.as_dict()) == record


@law
@given(record=records())
def test_dictionary_is_ready_for_json(record: FeatureRecord) -> None:
    assert FeatureRecord.from_dict(json.loads(json.dumps(record.as_dict()))) == record


def test_dictionary_has_a_start_time_in_place_of_microseconds() -> None:
    values = make_record().as_dict()
    assert values["start_time"] == "2026-05-28T20:26:40.000000Z"
    assert tuple(values) == tuple("start_time" if name == "start_us" else name for name in RECORD_FIELDS)
    assert type(values["status"]) is str


def test_root_id_is_neither_stored_nor_compared() -> None:
    record = make_record()
    assert "root_id" not in replace(record, root_id="r").as_dict()
    assert replace(record, root_id="r") == record


def test_start_time_is_aware_utc_with_microseconds() -> None:
    record = make_record(start_us=1_780_000_000_123_456)
    assert record.start_time == datetime(2026, 5, 28, 20, 26, 40, 123_456, tzinfo=UTC)


def test_time_without_a_zone_is_taken_as_utc() -> None:
    values = make_record().as_dict() | {"start_time": "2026-05-28T20:26:40"}
    assert FeatureRecord.from_dict(values) == make_record()


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "done"},
        {"start_time": "yesterday"},
        {"start_time": 7},
        {"no_such_field": 1},
    ],
    ids=str,
)
def test_dictionary_with_an_unusable_value_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        FeatureRecord.from_dict(make_record().as_dict() | changes)


@pytest.mark.parametrize("name", ["record_id", "feature_name", "category", "status", "start_time", "duration"])
def test_dictionary_without_a_required_key_is_refused(name: str) -> None:
    values = make_record().as_dict()
    del values[name]
    with pytest.raises((KeyError, TypeError)):
        FeatureRecord.from_dict(values)


@pytest.mark.parametrize("status", FeatureStatus)
def test_only_success_is_success(status: FeatureStatus) -> None:
    assert make_record(status=status).is_success == (status == "success")


def test_records_do_not_share_their_metadata() -> None:
    first, second = (FeatureRecord("i", "f", "other", FeatureStatus.SUCCESS, 0, 0.0) for _ in range(2))
    first.metadata["key"] = 1
    assert second.metadata == {}
