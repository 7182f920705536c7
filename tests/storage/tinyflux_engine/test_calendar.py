"""What retention takes for the present when somebody sets the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from curio_tracking.storage.tinyflux.upkeep.calendar import Calendar

SOON = timedelta(minutes=1)


def set_clock(monkeypatch: pytest.MonkeyPatch, days: float) -> datetime:
    moment = time.time() + days * 86_400
    monkeypatch.setattr(time, "time", lambda: moment)
    return datetime.fromtimestamp(moment, UTC)


def test_calendar_that_nobody_set_shows_the_present() -> None:
    assert abs(Calendar().now() - datetime.now(UTC)) < SOON


def test_clock_that_is_set_ahead_does_not_move_the_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    before, calendar = datetime.now(UTC), Calendar()
    set_clock(monkeypatch, days=400)
    assert abs(calendar.now() - before) < SOON


def test_clock_that_is_set_back_moves_the_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = Calendar()
    assert calendar.now() - set_clock(monkeypatch, days=-400) > timedelta(days=399)
    assert calendar.now() == datetime.fromtimestamp(time.time(), UTC)
