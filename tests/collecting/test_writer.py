"""The writer: batches, retries, counts, and what a failing part does to the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from unsteady_backend import Plugin, Unsteady
from waiting import wait_until

from curio_tracking import FeatureTracker
from curio_tracking.errors import StorageError
from curio_tracking.records import FeatureRecord


def test_batches_are_no_larger_than_max_batch_size(with_plugin: Any) -> None:
    backend = Unsteady()
    tracker = with_plugin(Plugin(backend), max_batch_size=7)
    function = tracker.track_feature("f")(lambda: None)
    for _ in range(50):
        function()
    assert tracker.flush(180)
    assert sum(backend.batches) == 50
    assert max(backend.batches) <= 7


def test_flush_interval_triggers_a_flush_before_the_time_is_up(with_plugin: Any) -> None:
    backend = Unsteady()
    tracker = with_plugin(Plugin(backend), flush_interval=10, flush_seconds=3600)
    function = tracker.track_feature("f")(lambda: None)
    function()
    assert tracker.flush(180)
    backend.seen.clear()
    for _ in range(11):
        function()
    assert backend.seen.wait(180)


def test_flush_seconds_writes_what_is_too_little_for_the_interval(with_plugin: Any) -> None:
    backend = Unsteady()
    tracker = with_plugin(Plugin(backend), flush_seconds=0.05)
    tracker.track_feature("f")(lambda: None)()
    assert backend.seen.wait(180)


def test_refused_batch_is_kept_and_written_once_the_disk_is_back(with_plugin: Any) -> None:
    backend = Unsteady()
    backend.failure = StorageError("disk full")
    tracker = with_plugin(Plugin(backend))
    function = tracker.track_feature("f")(lambda: None)
    for _ in range(120):
        function()
    assert not tracker.flush(0.3)
    health = tracker.health()
    assert (health["recorded"], health["pending"], health["written"]) == (120, 120, 0)
    backend.failure = None
    assert tracker.flush(180)
    assert len({record.record_id for record in backend.kept}) == len(backend.kept) == 120
    assert tracker.health()["written"] == 120


def test_dead_disk_is_reported_once_and_memory_stays_bounded(
    with_plugin: Any, caplog: pytest.LogCaptureFixture
) -> None:
    backend = Unsteady()
    backend.failure = OSError(5, "Input/output error")
    tracker = with_plugin(Plugin(backend), queue_size=200, exit_timeout=0.2)
    function = tracker.track_feature("f")(lambda: None)
    function()
    wait_until(lambda: tracker.health()["queue_size"] == 200)  # as soon as the writer has begun
    for _ in range(4_999):
        function()
    health = tracker.health()
    assert health["recorded"] == 5_000
    assert len(tracker._collector.buffer.rows) <= 201
    assert sum("Input/output error" in message for message in caplog.messages) <= 1
    backend.failure = None
    assert tracker.flush(180)
    assert round(sum(record.sample_weight for record in backend.kept)) == 5_000


def test_poisonous_record_does_not_hold_up_the_others(with_plugin: Any) -> None:
    backend = Unsteady()
    backend.poison = "bad"
    tracker = with_plugin(Plugin(backend))
    for name in ("good", "bad", "good"):
        tracker.track_feature(name)(lambda: None)()
    wait_until(lambda: tracker.flush(1))
    assert [record.feature_name for record in backend.kept] == ["good", "good"]
    assert tracker.health()["dropped"] == {"rejected": 1}


def test_filter_that_raises_drops_the_record_and_counts_it(with_plugin: Any) -> None:
    class Broken:
        def apply(self, record: FeatureRecord) -> FeatureRecord:
            if record.feature_name == "f":
                raise RuntimeError("broken")
            return record

    backend = Unsteady()
    tracker = with_plugin(Plugin(backend, {"broken": Broken()}))
    for name in ("f", "g"):
        tracker.track_feature(name)(lambda: None)()
    assert tracker.flush(180)
    assert [record.feature_name for record in backend.kept] == ["g"]
    assert tracker.health()["dropped"] == {"broken_error": 1}


def test_exporter_sees_written_batches_and_is_switched_off_after_five_failures(with_plugin: Any) -> None:
    class Exporter:
        def __init__(self, fails: bool) -> None:
            self.fails, self.calls, self.seen, self.closed = fails, 0, 0, False

        def export(self, records: Sequence[FeatureRecord]) -> None:
            self.calls += 1
            if self.fails:
                raise ConnectionError("nobody there")
            self.seen += len(records)

        def close(self) -> None:
            self.closed = True

    good, bad = Exporter(False), Exporter(True)
    parts = Plugin(Unsteady(), exporters={"good": good, "bad": bad})
    tracker = with_plugin(parts, max_batch_size=1, exit_timeout=180)
    function = tracker.track_feature("f")(lambda: None)
    for _ in range(20):
        function()
    assert tracker.flush(180)
    tracker.close()
    assert (good.seen, good.closed) == (20, True)
    assert (bad.calls, bad.closed) == (5, True)


def test_close_writes_what_is_buffered_and_later_calls_are_dropped_and_counted(with_plugin: Any) -> None:
    backend = Unsteady()
    tracker = with_plugin(Plugin(backend), exit_timeout=180)
    function = tracker.track_feature("f")(lambda: "result")
    function()
    tracker.close()
    assert (len(backend.kept), backend.closed) == (1, 1)
    assert function() == "result"
    health = tracker.health()
    assert (health["written"], health["dropped"], health["recorded"]) == (1, {"overflow": 1}, 2)


@pytest.mark.parametrize("is_configured", [False, True])
def test_exit_timeout_of_a_tracker_holds_before_its_writer_has_begun(
    with_plugin: Any, monkeypatch: pytest.MonkeyPatch, is_configured: bool
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_EXIT_TIMEOUT", "0")
    backend = Unsteady()
    tracker = with_plugin(Plugin(backend), **({} if is_configured else {"exit_timeout": 180}))
    if is_configured:
        tracker.configure(exit_timeout=180)
    writer = tracker._collector.writer
    load = writer._load

    def load_late() -> Any:
        time.sleep(0.2)
        return load()

    monkeypatch.setattr(writer, "_load", load_late)
    tracker.track_feature("f")(lambda: None)()
    tracker.close()
    assert (len(backend.kept), tracker.health()["dropped"]) == (1, {})


def test_exit_is_delayed_by_exit_timeout_at_most_and_what_is_lost_is_counted(with_plugin: Any) -> None:
    backend = Unsteady()
    backend.failure = OSError(28, "No space left on device")
    tracker = with_plugin(Plugin(backend), exit_timeout=0.2)
    tracker.track_feature("f")(lambda: None)()
    tracker.close()
    tracker._collector.writer._thread.join(180)
    assert tracker.health()["dropped"] == {"exit": 1}


def test_counts_add_up_at_every_moment(with_plugin: Any) -> None:
    backend = Unsteady()
    tracker = with_plugin(Plugin(backend), queue_size=50, sample_rate=0.5)
    function = tracker.track_feature("f")(lambda: None)
    for number in range(1, 3001):
        function()
        if number % 100 == 0:
            assert tracker.health()["recorded"] == number
    assert tracker.flush(180)
    health = tracker.health()
    assert health["recorded"] == health["written"] + health["folded"] + sum(health["dropped"].values()) == 3000


def test_flush_that_comes_while_the_writer_fails_does_not_wait_in_vain(
    tracker: FeatureTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = tracker._collector.writer
    asked, has_failed = threading.Event(), threading.Event()
    is_alive = writer._is_alive

    def load() -> Any:
        asked.wait(180)
        raise RuntimeError("no pipeline")

    def is_alive_until_asked() -> bool:
        # the thread fails, and answers all that wait, between this question and the end of flush
        alive = is_alive()
        asked.set()
        has_failed.wait(180)
        return alive

    monkeypatch.setattr(writer, "_load", load)
    answer = writer._answer
    monkeypatch.setattr(writer, "_answer", lambda flushes: (answer(flushes), has_failed.set()))
    tracker.track_feature("f")(lambda: None)()
    monkeypatch.setattr(writer, "_is_alive", is_alive_until_asked)
    began = time.monotonic()
    assert not tracker.flush(240)
    assert time.monotonic() - began < 120


@pytest.mark.parametrize("raises", [False, True])
def test_counts_add_up_while_a_filter_is_at_work(with_plugin: Any, raises: bool) -> None:
    recorded: list[int] = []
    all_called = threading.Event()

    class Drops:
        def apply(self, record: FeatureRecord) -> FeatureRecord | None:
            all_called.wait(180)
            recorded.append(tracker.health()["recorded"])
            if raises:
                raise RuntimeError("broken")
            return None

    tracker = with_plugin(Plugin(Unsteady(), {"drops": Drops()}))
    function = tracker.track_feature("f")(lambda: None)
    for _ in range(4):
        function()
    all_called.set()
    assert tracker.flush(180)
    assert recorded == [4, 4, 4, 4]
    assert tracker.health()["dropped"] == {"drops_error" if raises else "drops": 4}


def test_excluded_feature_leaves_no_record_count_or_declaration(make_tracker: Any, data_dir: Path) -> None:
    tracker = make_tracker(backend="tinyflux", exclude="secret*")
    tracker.track_feature("Secret_sauce")(lambda: None)()
    tracker.track_feature("plain")(lambda: None)()
    assert tracker.flush(180)
    health = tracker.health()
    assert (health["recorded"], health["dropped"]) == (1, {})
    tracker.close()
    written = b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    assert b"plain" in written
    assert b"ecret_sauce" not in written


def test_declared_features_are_listed_although_nobody_called_them(make_tracker: Any) -> None:
    tracker = make_tracker(backend="tinyflux")
    tracker.track_feature("never_called", "sysmon")(lambda: None)
    tracker.track_feature("called")(lambda: None)()
    found = {row["feature_name"]: row["total_calls"] for row in tracker.top_features()}
    assert found == {"called": 1, "never_called": 0}


@pytest.mark.parametrize("name", ["half\udc80a pair", "\ud800", "\udfff\ud800", "ünï", "𝄞"])
def test_feature_is_declared_by_the_name_that_its_records_have(make_tracker: Any, name: str) -> None:
    tracker = make_tracker(backend="tinyflux")
    tracker.track_feature(name)(lambda: None)()
    assert [row["total_calls"] for row in tracker.top_features()] == [1]


def test_place_of_a_declared_feature_is_text_that_a_backend_can_encode(make_tracker: Any, data_dir: Path) -> None:
    def function() -> None:
        """Called by nobody."""

    function.__qualname__ = "half\udc80a pair"
    tracker = make_tracker(backend="tinyflux", exit_timeout=180)
    tracker.track_feature("f")(function)
    tracker.track_feature("g")(lambda: None)()
    tracker.close()
    declared = b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    assert b"half?a pair" in declared


def test_configure_swaps_the_backend_while_running(make_tracker: Any, tmp_path: Path) -> None:
    tracker = make_tracker(backend="csv", data_dir=tmp_path / "one", exit_timeout=180)
    function = tracker.track_feature("f")(lambda: None)
    function()
    tracker.configure(backend="tinyflux", data_dir=tmp_path / "two")
    function()
    function()
    assert len(tracker.records("f")) == 2
    first = make_tracker(backend="csv", data_dir=tmp_path / "one")
    assert len(first.records("f")) == 1


def test_configure_can_turn_tracking_off_and_on(tracker: FeatureTracker) -> None:
    function = tracker.track_feature("f")(lambda: None)
    tracker.configure(enabled=False)
    function()
    tracker.configure(enabled=True)
    function()
    assert len(tracker.records("f")) == 1


def test_refused_configuration_leaves_the_tracker_as_it_was(tracker: FeatureTracker) -> None:
    from curio_tracking.errors import UnknownNameError

    function = tracker.track_feature("f")(lambda: None)
    with pytest.raises(UnknownNameError, match=r'unknown backend "tinyflx".*installed: csv, memory, tinyflux'):
        tracker.configure(backend="tinyflx")
    function()
    assert len(tracker.records("f")) == 1
