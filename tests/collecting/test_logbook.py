"""The logbook and the guard: what is logged how often, and through which handlers it is not."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from unsteady_backend import Plugin, Unsteady

from curio_tracking import FeatureTracker, logbook
from curio_tracking.collecting import guard as guard_module
from curio_tracking.collecting.guard import Guard


@pytest.fixture(autouse=True)
def speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin each test with a logbook that no handler has failed."""
    monkeypatch.setattr(logbook, "_silent_until", 0.0)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time of all guards, as the only item of a list."""
    time = [1000.0]
    monkeypatch.setattr(guard_module, "clock", lambda: time[0])
    return time


class Handler(logging.Handler):
    """A host's handler that does in `emit` what a test says."""

    def __init__(self, emit: Any) -> None:
        super().__init__()
        self.messages: list[str] = []
        self._act = emit

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
        self._act()


@pytest.fixture
def handled() -> Iterator[Any]:
    """Return what adds a handler to the host's logging for the length of a test."""
    logger = logging.getLogger("curio_tracking")
    added: list[logging.Handler] = []

    def add(handler: logging.Handler) -> Any:
        added.append(handler)
        logger.addHandler(handler)
        return handler

    yield add
    for handler in added:
        logger.removeHandler(handler)


def test_failures_of_a_kind_are_logged_once_a_minute_with_how_many_were_not(
    now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    guard = Guard()
    for seconds in (0.0, 1.0, 59.9, 60.0, 61.0, 125.0):
        now[0] = 1000.0 + seconds
        guard.report("backend", f"after {seconds:g}")
    assert caplog.messages == [
        "after 0",
        "after 60 (2 more of this kind were not logged)",
        "after 125 (1 more of this kind were not logged)",
    ]
    assert guard.errors == {"backend": 6}


def test_kinds_do_not_wait_for_each_other(now: list[float], caplog: pytest.LogCaptureFixture) -> None:
    guard = Guard()
    guard.report("backend", "one")
    guard.report("upkeep", "two")
    assert caplog.messages == ["one", "two"]


def test_handler_that_fails_in_the_tracker_again_is_not_called_again(handled: Any) -> None:
    guard = Guard()
    numbers = iter(range(1000))
    handler = handled(Handler(lambda: guard.report(f"kind {next(numbers)}", "again")))
    guard.report("first", "first")
    assert handler.messages == ["first"]
    assert guard.errors == {"first": 1, "kind 0": 1}


def test_handler_may_call_tracked_functions(handled: Any, with_plugin: Any) -> None:
    backend = Unsteady()
    tracker = with_plugin(Plugin(backend))
    in_handler = tracker.track_feature("in_handler")(lambda: None)
    handler = handled(Handler(lambda: (in_handler(), tracker.complete_custom_tracking("unknown"))))
    tracker.complete_custom_tracking("unknown")
    assert tracker.flush(180)
    assert len(handler.messages) == 1
    assert [record.feature_name for record in backend.kept] == ["in_handler"]
    assert tracker.health()["errors"] == {"unknown_record_id": 2}


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyError, RecursionError, GeneratorExit])
def test_what_a_handler_raises_does_not_reach_the_host(handled: Any, error: type[BaseException]) -> None:
    def fail() -> None:
        raise error("broken")

    handler = handled(Handler(fail))
    assert not logbook.warn("one")
    assert not logbook.warn("two")
    assert handler.messages == ["one"]


def test_handler_that_fails_does_not_print_that_it_has_failed(handled: Any, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(logging.StreamHandler[Any]):
        def format(self, record: logging.LogRecord) -> str:
            raise ValueError("broken")

    handler = handled(Broken())
    assert not logbook.warn("one")
    assert capsys.readouterr().err == ""
    assert "handleError" not in vars(handler)


def test_handlers_are_tried_again_after_a_minute(handled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    time = [1000.0]
    monkeypatch.setattr(logbook, "monotonic", lambda: time[0])
    broken = [True]

    def fail() -> None:
        if broken[0]:
            raise RuntimeError("broken")

    handled(Handler(fail))
    assert not logbook.warn("one")
    broken[0] = False
    time[0] += 59
    assert not logbook.warn("two")
    time[0] += 2
    assert logbook.warn("three")


def test_handler_with_a_closed_stream_is_not_used(handled: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    handled(logging.StreamHandler(stream))
    stream.close()
    assert not logbook.warn("one")
    assert capsys.readouterr().err == ""


def test_handler_of_last_resort_is_not_used_once_stderr_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    assert not logbook.warn("one")


def test_handler_whose_lock_somebody_holds_is_not_waited_for(handled: Any) -> None:
    handler = handled(Handler(lambda: None))
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with handler.lock:
            held.set()
            release.wait(180)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(180)
    assert not logbook.warn("one")
    release.set()
    holder.join()
    assert logbook.warn("two")
    assert handler.messages == ["two"]


def test_nothing_is_logged_from_within_a_handler_of_the_host(handled: Any) -> None:
    said: list[bool] = []
    handler = handled(Handler(lambda: said.append(logbook.warn("ours"))))
    logging.getLogger("curio_tracking.of_the_host").warning("the host's")
    assert (handler.messages, said) == (["the host's"], [False])


def test_broken_handler_costs_no_record(handled: Any, make_tracker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    handled(Handler(fail))
    monkeypatch.setenv("FEATURE_TRACKING_FILTERS", "nonsense")
    monkeypatch.setenv("FEATURE_TRACKING_QUEUE_SIZE", "nonsense")
    tracker = FeatureTracker.when_needed()
    tracker.track_feature("f")(lambda: None)()
    assert tracker.flush(180)
    assert tracker.health()["written"] == 1
    tracker.close()
