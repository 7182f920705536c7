"""Queries: which records they mean, and which times people may type."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curio_tracking.errors import QueryError
from curio_tracking.queries import GROUPABLE, RecordQuery, SummaryQuery, parse_time, time_range
from curio_tracking.records import FeatureStatus, to_microseconds
from curio_tracking.testing import START_US, make_record


def repr_sorted(value: object) -> str:
    """Name a test alike in every process: the text of a frozenset differs."""
    if isinstance(value, dict):
        return str({key: sorted(item) if isinstance(item, frozenset) else item for key, item in value.items()})
    return str(value)


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("conditions", "is_met"),
    [
        ({}, True),
        ({"feature_name": "import_csv"}, True),
        ({"feature_name": "import"}, False),
        ({"feature_name": "IMPORT_CSV"}, False),
        ({"category": "file_operation"}, True),
        ({"category": "other"}, False),
        ({"status": FeatureStatus.SUCCESS}, True),
        ({"status": FeatureStatus.FAILED}, False),
        ({"user_ids": frozenset({"u1", "u2"})}, True),
        ({"user_ids": frozenset({"u2"})}, False),
        ({"user_ids": frozenset()}, False),
        ({"record_ids": frozenset({"record-00000000"})}, True),
        ({"record_ids": frozenset()}, False),
        ({"since_us": START_US}, True),
        ({"since_us": START_US + 1}, False),
        ({"until_us": START_US}, False),
        ({"until_us": START_US + 1}, True),
        ({"feature_name": "import_csv", "status": FeatureStatus.FAILED}, False),
        ({"limit": 1}, True),
    ],
    ids=repr_sorted,
)
def test_record_matches_when_every_condition_is_met(conditions: dict[str, Any], is_met: bool) -> None:
    assert RecordQuery(**conditions).matches(make_record()) is is_met


def test_record_without_a_user_is_no_users() -> None:
    assert not RecordQuery(user_ids=frozenset({"u1"})).matches(make_record(user_id=None))


def test_unknown_group_is_refused_with_the_possible_ones() -> None:
    with pytest.raises(QueryError, match=r'cannot group by "host"; possible: .*version') as caught:
        SummaryQuery(group_by=("host",))
    assert all(name in str(caught.value) for name in GROUPABLE)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("30m", NOW - timedelta(minutes=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("2W", NOW - timedelta(weeks=2)),
        (" 1.5 d ", NOW - timedelta(hours=36)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T10:30", datetime(2026, 11, 1, 10, 30, tzinfo=UTC)),
        ("2026-11-01 10:30:00+02:00", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        ("2026-11-01T10:30:00Z", datetime(2026, 11, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_ages_dates_and_iso_times_are_understood(text: str, expected: datetime) -> None:
    assert parse_time(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "7", "d", "-1d", "2026-13-01", "2026-11-31", "99999999999d", "7 dd", "7\u017f", "\u0667d"],
)
def test_other_texts_are_refused_with_advice(text: str) -> None:
    with pytest.raises(QueryError, match="give an age such as 7d"):
        parse_time(text, NOW)


@settings(deadline=None)
@given(text=st.text())
def test_any_text_is_a_time_or_refused(text: str) -> None:
    # nothing but a QueryError may leave parse_time: the text comes from a person
    with suppress(QueryError):
        assert parse_time(text, NOW).tzinfo is not None


def test_range_is_given_in_microseconds() -> None:
    assert time_range("2d", "2026-11-22", NOW) == (
        to_microseconds(NOW - timedelta(days=2)),
        to_microseconds(datetime(2026, 11, 22, tzinfo=UTC)),
    )


def test_open_ends_are_none() -> None:
    assert time_range(None, None, NOW) == (None, None)
    assert time_range("1d", None, NOW)[1] is None


@pytest.mark.parametrize(("since", "until"), [("1d", "2d"), ("2026-11-02", "2026-11-01"), ("1d", "1d")])
def test_empty_range_is_refused(since: str, until: str) -> None:
    with pytest.raises(QueryError, match="time range is empty"):
        time_range(since, until, NOW)
