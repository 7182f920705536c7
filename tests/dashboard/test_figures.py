from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.dashboard.figures import (
    UNKNOWN,
    age_text,
    count_text,
    duration_text,
    mark_text,
    percent_text,
    score_text,
    time_text,
)
from curio_tracking.records import to_microseconds

NOW = datetime(2026, 11, 22, 15, 47, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (1e-10, "<0.01 µs"),
        (8.5e-5, "85.0 µs"),
        (0.000_999_4, "999 µs"),
        (0.000_999_9, "1.00 ms"),
        (0.0123, "12.3 ms"),
        (0.9994, "999 ms"),
        (0.9999, "1.00 s"),
        (1.25, "1.25 s"),
        (59.9, "59.9 s"),
        (59.999, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.9, "1 h 0 min"),
        (12_000, "3 h 20 min"),
        (36_000_000, "10,000 h 0 min"),
    ],
)
def test_duration_is_in_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "200 ms"), (0.0012, "1.2 ms"), (2.0, "2 s"), (100, "1 min 40 s")])
def test_round_duration_has_no_needless_zeros(seconds: float, text: str) -> None:
    assert mark_text(seconds) == text


@pytest.mark.parametrize(
    ("percent", "text"),
    [(100, "100%"), (99.999, "99.9%"), (99.25, "99.2%"), (50, "50%"), (0.04, "<0.1%"), (0, "0%")],
)
def test_percentage_is_never_rounded_to_all_or_nothing(percent: float, text: str) -> None:
    assert percent_text(percent) == text


@pytest.mark.parametrize("text", [duration_text, percent_text, score_text, count_text])
@pytest.mark.parametrize("number", [None, float("nan"), float("inf")])
def test_what_is_not_known_is_a_dash(text: object, number: float | None) -> None:
    assert text(number) == UNKNOWN  # type: ignore[operator]


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_every_duration_has_a_text_without_exponent(seconds: float) -> None:
    assert "e" not in duration_text(seconds)


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(hours=50), "2 days ago"),
    ],
)
def test_age_is_said_roughly(ago: timedelta, text: str) -> None:
    assert age_text(to_microseconds(NOW - ago), NOW) == text


def test_time_is_utc_to_the_second() -> None:
    assert time_text(to_microseconds(NOW) + 999_999) == "2026-11-22 15:47:03"
