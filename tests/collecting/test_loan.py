"""A collector that was lent goes on as if nothing had been."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting import wait_until

from curio_tracking import FeatureTracker
from curio_tracking.collecting import loan as loan_module
from curio_tracking.collecting.loan import Loan

Make = Callable[..., FeatureTracker]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time to bring a writer to rest."""
    monkeypatch.setattr(loan_module, "LONGEST_REST", 180.0)


@pytest.fixture
def lend(tracker: FeatureTracker, make_tracker: Make, tmp_path: Path) -> Callable[..., Loan]:
    """Return what lends the tracker, with the pipeline of another one."""

    def lend(**settings: Any) -> Loan:
        other = make_tracker(data_dir=tmp_path / "other", **settings)
        return Loan(tracker._collector, other._load_pipeline)

    return lend


def test_calls_of_a_loan_are_not_the_lenders(tracker: FeatureTracker, lend: Callable[..., Loan]) -> None:
    call = tracker.track_feature("it")(lambda: None)
    loan = lend()
    call()
    loan.end()
    assert tracker.records() == []


def test_calls_before_and_after_are_the_lenders(tracker: FeatureTracker, lend: Callable[..., Loan]) -> None:
    call = tracker.track_feature("it")(lambda: None)
    call()
    loan = lend()
    call()
    loan.end()
    call()
    assert len(tracker.records()) == 2


def test_function_that_was_decorated_before_follows_the_switches(
    tracker: FeatureTracker, lend: Callable[..., Loan]
) -> None:
    call = tracker.track_feature("it")(lambda text: None)
    loan = lend(capture_args="values")
    tracker.track_feature("first")(lambda: None)()
    assert tracker.flush(180)  # the settings are known once the writer has begun
    call("abc")
    loan.end()
    call("abc")
    assert "value" not in tracker.records()[0].metadata["parameters"]["text"]


def test_tracking_that_was_off_is_off_again(make_tracker: Make, tmp_path: Path) -> None:
    tracker = make_tracker(enabled=False)
    call = tracker.track_feature("it")(lambda: None)
    loan = Loan(tracker._collector, make_tracker(data_dir=tmp_path / "other")._load_pipeline)
    tracker._collector.switch(make_tracker()._collector.switches)
    call()
    loan.end()
    call()
    assert tracker.health()["recorded"] == 0


def test_what_a_broken_pipeline_could_not_write_is_not_left_to_the_lender(
    tracker: FeatureTracker, lend: Callable[..., Loan]
) -> None:
    def load() -> Any:
        raise ValueError("no pipeline")

    call = tracker.track_feature("it")(lambda: None)
    loan = Loan(tracker._collector, load)
    call()
    tracker.flush(180)
    loan.end()
    call()
    assert (len(tracker.records()), tracker.health()["errors"]) == (1, {})


def test_tracker_that_was_closed_meanwhile_is_open_again(tracker: FeatureTracker, lend: Callable[..., Loan]) -> None:
    call = tracker.track_feature("it")(lambda: None)
    loan = lend()
    call()
    tracker.close()
    loan.end()
    call()
    assert len(tracker.records()) == 1


def test_one_thread_writes_at_a_time(tracker: FeatureTracker, lend: Callable[..., Loan]) -> None:
    call = tracker.track_feature("it")(lambda: None)
    before = threading.enumerate()  # of which one that an earlier test left may end meanwhile
    call()
    loan = lend()
    call()
    assert tracker.flush(180)
    assert len([thread for thread in threading.enumerate() if thread not in before]) == 1
    loan.end()


def told(tracker: FeatureTracker) -> dict[str, Any]:
    """Return the health, without what changes whenever the writer looks whether there is something to do, or rests."""
    changing = ("state", "writer_seconds", "current_flush")
    return {name: value for name, value in tracker.health().items() if name not in changing}


STEPS = st.lists(st.sampled_from(["call", "fail", "complete", "configure", "close", "flush"]), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.integers(0, 3), steps=STEPS)
def test_whatever_is_done_in_a_loan_the_lenders_counts_stay(make_tracker: Make, before: int, steps: list[str]) -> None:
    tracker, other = make_tracker(flush_seconds=3600), make_tracker()
    call = tracker.track_feature("it")(lambda number: 1 / number if number else None)
    for _ in range(before):
        call(1)
    assert tracker.flush(180)
    wait_until(lambda: not before or tracker.health()["overhead_ns"] is not None)  # the last that the writer finds out
    health = told(tracker)
    loan = Loan(tracker._collector, other._load_pipeline)
    doings: dict[str, Callable[[], object]] = {
        "call": lambda: call(1),
        "fail": lambda: call(0),
        "complete": lambda: tracker.complete_custom_tracking("never begun"),
        "configure": lambda: tracker.configure(flush_interval=1),
        "close": tracker.close,
        "flush": tracker.flush,
    }
    for step in steps:
        doings[step]()
    loan.end()
    assert told(tracker) == health
