"""health(): what a tracker says of itself, in which words, in every state it can be in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from unsteady_backend import Hanging, Plugin, Unsteady
from waiting import wait_until

from curio_tracking import FeatureTracker, hookimpl
from curio_tracking.errors import StorageError
from curio_tracking.health import HEALTH_FIELDS, STATES
from curio_tracking.processes import known_processes
from curio_tracking.testing.forked import exit_code, fork

With = Callable[..., FeatureTracker]


def test_keys_are_those_of_the_vocabulary(tracker: FeatureTracker) -> None:
    assert list(tracker.health()) == list(HEALTH_FIELDS)
    tracker.track_feature("f")(lambda: None)()
    assert tracker.flush(180)
    assert list(tracker.health()) == list(HEALTH_FIELDS)


def test_tracker_that_nobody_used_is_unused(tracker: FeatureTracker) -> None:
    health = tracker.health()
    assert (health["state"], health["recorded"], health["flushes"], health["last_flush"]) == ("unused", 0, 0, None)


def test_tracker_that_writes_is_running_and_then_ended(tracker: FeatureTracker) -> None:
    tracker.track_feature("f")(lambda: None)()
    assert tracker.flush(180)
    assert tracker.health()["state"] == "running"
    tracker.close()
    assert tracker.health()["state"] == "ended"


def test_tracker_is_not_ended_before_its_last_batch_was_written(with_plugin: With) -> None:
    backend = Hanging()
    tracker = with_plugin(Plugin(backend), exit_timeout=180)
    tracker.track_feature("f")(lambda: None)()
    closing = threading.Thread(target=tracker.close)
    closing.start()
    assert backend.seen.wait(180)
    wait_until(lambda: tracker._collector.buffer.shut)
    assert tracker.health()["state"] in ("running", "retrying")
    backend.may_return.set()
    closing.join()
    assert tracker.health()["state"] == "ended"


def test_tracker_that_is_configured_anew_after_its_end_stays_ended(with_plugin: With) -> None:
    tracker = with_plugin(Plugin(Unsteady()))
    function = tracker.track_feature("f")(lambda: None)
    function()
    tracker.close()
    tracker.configure(flush_interval=7)
    function()
    assert tracker.health()["state"] == "ended"


def test_tracker_that_is_switched_off_is_off(tracker: FeatureTracker) -> None:
    tracker.configure(enabled=False)
    tracker.track_feature("f")(lambda: None)()
    health = tracker.health()
    assert (health["state"], health["recorded"], health["overhead_ns"]) == ("off", 0, None)


def test_tracker_whose_backend_refuses_is_retrying(with_plugin: With) -> None:
    backend = Unsteady()
    backend.failure = StorageError("disk full")
    tracker = with_plugin(Plugin(backend), exit_timeout=0.1)
    tracker.track_feature("f")(lambda: None)()
    assert not tracker.flush(0.3)
    wait_until(lambda: tracker.health()["state"] == "retrying")
    backend.failure = None
    assert tracker.flush(180)
    assert tracker.health()["state"] == "running"


def test_tracker_whose_writer_ended_by_a_failure_has_failed(
    tracker: FeatureTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> Any:
        raise RuntimeError("no pipeline")

    monkeypatch.setattr(tracker._collector.writer, "_load", load)
    tracker.track_feature("f")(lambda: None)()
    assert not tracker.flush(180)
    assert tracker.health()["state"] == "failed"


def test_what_a_call_costs_is_told_to_other_processes_though_nothing_more_is_tracked(
    make_tracker: With, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curio_tracking.collecting.bulletin.SECONDS_BETWEEN", 0.0)
    tracker = make_tracker(backend="tinyflux", flush_seconds=0.05)
    tracker.track_feature("f")(lambda: None)()
    wait_until(lambda: tracker.health()["overhead_ns"] is not None)
    # known to the tracker before the next flush tells it: till then there is no file, or one that does not say it
    wait_until(
        lambda: [process["overhead_ns"] for process in known_processes(data_dir)] == [tracker.health()["overhead_ns"]]
    )


def test_every_state_is_in_the_vocabulary() -> None:
    assert list(STATES) == [
        *("unused", "starting", "running", "paused", "retrying", "off", "failed", "ended"),
        *("silent", "killed"),
    ]


def test_flushes_that_write_are_timed(with_plugin: With) -> None:
    tracker = with_plugin(Plugin(Unsteady()), flush_seconds=3600)
    function = tracker.track_feature("f")(lambda: None)
    for _ in range(3):
        function()
        assert tracker.flush(180)
        assert tracker.flush(180)  # writes nothing, counts for nothing
    health = tracker.health()
    assert health["flushes"] == 3
    assert 0 < health["last_flush"] <= health["max_flush"]
    assert 0 < health["avg_flush"] <= health["max_flush"]
    assert health["p95_flush"] <= health["max_flush"]
    wait_until(lambda: tracker.health()["current_flush"] is None)  # the writer may be looking once more


def test_flush_that_hangs_is_seen_while_it_hangs(with_plugin: With) -> None:
    backend = Hanging()
    tracker = with_plugin(Plugin(backend), exit_timeout=0.1)
    tracker.track_feature("f")(lambda: None)()
    assert backend.seen.wait(180) or not tracker.flush(0)
    first = tracker.health()["current_flush"]
    assert first > 0
    assert tracker.health()["current_flush"] > first
    assert tracker.health()["flushes"] == 0
    backend.may_return.set()


class HangingAtStart(Plugin):
    """A plugin whose first hook does not return before a test lets it."""

    @hookimpl
    def curio_startup(self, tracker: FeatureTracker) -> None:
        self.backend.append(())


@pytest.mark.parametrize("plugin", [Plugin, HangingAtStart])
def test_calls_that_hang_from_the_first_one_on_are_told_of_to_other_processes(
    with_plugin: With, data_dir: Path, plugin: type[Plugin]
) -> None:
    backend = Hanging()
    tracker = with_plugin(plugin(backend), exit_timeout=0.1)
    tracker.track_feature("f")(lambda: None)()
    assert backend.seen.wait(180)
    (process,) = known_processes(data_dir)
    assert (process["recorded"], process["written"], process["pending"]) == (1, 0, 1)
    backend.may_return.set()


def test_calls_that_hang_after_a_fork_are_told_of_to_other_processes(with_plugin: With, data_dir: Path) -> None:
    backend = Hanging()
    backend.may_return.set()
    tracker = with_plugin(Plugin(backend), exit_timeout=0.1)
    function = tracker.track_feature("f")(lambda: None)
    function()
    assert tracker.flush(180)
    assert exit_code(fork(lambda: None), 180) == 0
    assert tracker.health()["state"] == "paused"
    backend.may_return.clear()
    backend.seen.clear()
    function()
    assert backend.seen.wait(180)
    (process,) = known_processes(data_dir)
    assert (process["state"], process["written"], process["pending"]) == ("running", 1, 1)
    backend.may_return.set()


def test_time_of_a_refused_flush_goes_on_until_it_is_written(with_plugin: With) -> None:
    backend = Unsteady()
    backend.failure = StorageError("disk full")
    tracker = with_plugin(Plugin(backend))
    tracker.track_feature("f")(lambda: None)()
    assert not tracker.flush(0.3)
    wait_until(lambda: tracker.health()["current_flush"] is not None)
    waited = tracker.health()["current_flush"]
    backend.failure = None
    assert tracker.flush(180)
    assert tracker.health()["max_flush"] >= waited


def test_flushes_before_a_change_of_settings_count(make_tracker: With) -> None:
    tracker = make_tracker()
    function = tracker.track_feature("f")(lambda: None)
    function()
    assert tracker.flush(180)
    tracker.configure(max_batch_size=7)
    function()
    assert tracker.flush(180)
    assert tracker.health()["flushes"] == 2


@pytest.mark.parametrize("settings", [{}, {"capture_args": "values"}, {"capture_args": "off"}, {"resources": True}])
def test_overhead_of_a_call_is_measured_once_the_writer_rests(make_tracker: With, settings: dict[str, Any]) -> None:
    tracker = make_tracker(**settings)
    tracker.track_feature("f")(lambda: None)()
    assert tracker.flush(180)
    wait_until(lambda: tracker.health()["overhead_ns"] is not None)
    # of the order of a microsecond; a machine that is busy may take many times that
    assert 20 < tracker.health()["overhead_ns"] < 1_000_000


def test_measuring_the_overhead_leaves_no_trace(make_tracker: With) -> None:
    tracker = make_tracker()
    tracker.track_feature("f")(lambda: None)()
    wait_until(lambda: tracker.health()["overhead_ns"] is not None)
    assert [row["feature_name"] for row in tracker.top_features()] == ["f"]
    assert tracker.health()["recorded"] == 1


def test_cpu_of_the_writer_is_counted(tracker: FeatureTracker) -> None:
    tracker.track_feature("f")(lambda: None)()
    assert tracker.flush(180)
    wait_until(lambda: tracker.health()["writer_seconds"] > 0)


def test_limits_are_those_in_force(make_tracker: With) -> None:
    tracker = make_tracker(queue_size=77, queue_bytes=777_777)
    tracker.track_feature("f")(lambda: None)()
    assert tracker.flush(180)
    health = tracker.health()
    assert (health["queue_size"], health["queue_bytes"]) == (77, 777_777)


def test_what_waits_is_weighed(with_plugin: With) -> None:
    backend = Hanging()
    tracker = with_plugin(Plugin(backend), flush_interval=1, exit_timeout=0.1)
    function = tracker.track_feature("f")(lambda: None)
    function()
    assert backend.seen.wait(180)
    for _ in range(500):
        function()
    health = tracker.health()
    assert health["queued_rows"] == 500
    assert 50_000 < health["queued_bytes"] < 500_000
    backend.may_return.set()


def test_backend_that_cannot_count_its_bad_rows_does_not_raise_into_the_host(with_plugin: With) -> None:
    class Uncountable(Unsteady):
        @property
        def quarantined(self) -> int:
            raise OSError("cannot look")

    tracker = with_plugin(Plugin(Uncountable()))
    tracker.track_feature("f")(lambda: None)()
    assert tracker.flush(180)
    health = tracker.health()
    assert (health["quarantined"], tracker.health()["errors"]["backend"] > 0) == (0, True)
