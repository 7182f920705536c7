"""Sleep: calls after the machine slept bear the time of the wall clock, those before it stay where they were."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from curio_tracking.collecting import sleep
from curio_tracking.collecting.clock import clock, wall_ns

NIGHT_NS = 8 * 3600 * 10**9

Sleep = Callable[[int], None]


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without sleeps, and end without those of the test."""
    monkeypatch.setattr(sleep, "gaps", [])
    monkeypatch.setattr(sleep, "_looked_at", clock())


@pytest.fixture
def let_machine_sleep(monkeypatch: pytest.MonkeyPatch) -> Sleep:
    def let(nanoseconds: int) -> None:
        before = time.clock_gettime_ns
        later = {time.CLOCK_BOOTTIME: nanoseconds}
        monkeypatch.setattr(time, "clock_gettime_ns", lambda which: before(which) + later.get(which, 0))

    return let


def late_by(start: float) -> int:
    """Return by how many seconds a call that began then is later than the clock of calls alone says."""
    return round((sleep.moment_us(start) - wall_ns(start) // 1000) / 1e6)


def test_machine_that_did_not_sleep_moves_no_call() -> None:
    sleep.look()
    time.sleep(0.01)
    sleep.look()
    assert (sleep.gaps, late_by(clock())) == ([], 0)


def test_calls_after_a_sleep_are_later_and_those_before_it_stay(let_machine_sleep: Sleep) -> None:
    before = clock()
    sleep.look()
    let_machine_sleep(NIGHT_NS)
    after = clock()
    sleep.look()
    assert (late_by(before), late_by(after), late_by(clock())) == (0, 8 * 3600, 8 * 3600)


def test_sleeps_add_up(let_machine_sleep: Sleep) -> None:
    sleep.look()
    let_machine_sleep(NIGHT_NS)
    sleep.look()
    day = clock()
    sleep.look()
    let_machine_sleep(NIGHT_NS)
    sleep.look()
    assert (late_by(day), late_by(clock())) == (8 * 3600, 16 * 3600)


def test_moments_of_sleep_count_once_they_come_to_a_second(let_machine_sleep: Sleep) -> None:
    for _ in range(5):
        let_machine_sleep(150_000_000)
        sleep.look()
    assert sleep.gaps == []
    let_machine_sleep(300_000_000)
    sleep.look()
    assert late_by(clock()) == 1


def test_system_that_does_not_tell_is_taken_to_be_awake(
    monkeypatch: pytest.MonkeyPatch, let_machine_sleep: Sleep
) -> None:
    monkeypatch.setattr(sleep, "_ALWAYS", None)
    monkeypatch.setattr(sleep, "_before_ns", 0)
    let_machine_sleep(NIGHT_NS)
    sleep.look()
    assert late_by(clock()) == 0
