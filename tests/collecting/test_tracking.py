"""Blocks, manual tracking and context."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from curio_tracking import FeatureCategory, FeatureStatus, FeatureTracker, tracking_context


def test_block_records_what_was_said_inside(tracker: FeatureTracker) -> None:
    with tracker.track("import_csv", FeatureCategory.FILE_OPERATION, source="nightly") as run:
        run.add_metadata(rows=10)
        run.iterations = 3
        run.output_size = 10_000
        run.partial("2 rows skipped")
    (record,) = tracker.records("import_csv")
    assert (record.category, record.status, record.iterations) == ("file_operation", "partial", 3)
    assert (record.output_size, record.error_message) == (10_000, "2 rows skipped")
    assert record.metadata == {"source": "nightly", "rows": 10}


def test_block_that_raises_is_failed_and_the_exception_goes_on(tracker: FeatureTracker) -> None:
    with pytest.raises(ZeroDivisionError), tracker.track("f") as run:
        run.partial()
        1 / 0  # noqa: B018
    assert (tracker.records("f")[0].status, tracker.records("f")[0].error_type) == ("failed", "ZeroDivisionError")


def test_async_block(tracker: FeatureTracker) -> None:
    async def main() -> None:
        async with tracker.track("f"):
            await asyncio.sleep(0)

    asyncio.run(main())
    assert tracker.records("f")[0].status == "success"


@pytest.mark.parametrize(("said", "status"), [("fail", "failed"), ("timeout", "timeout")])
def test_block_can_say_how_it_ended(tracker: FeatureTracker, said: str, status: str) -> None:
    with tracker.track("f") as run:
        getattr(run, said)(ValueError("why"))
    (record,) = tracker.records("f")
    assert (record.status, record.error_type, record.error_message) == (status, "ValueError", "why")


@pytest.mark.parametrize("value", ["many", None, float("nan"), [], -5, 10**400])
def test_nonsense_set_on_a_run_never_raises_and_is_made_sense_of(tracker: FeatureTracker, value: Any) -> None:
    with tracker.track("f") as run:
        run.iterations = value
        run.output_size = value
        run.efficiency_score = value
    (record,) = tracker.records("f")
    assert record.iterations >= 1
    assert record.output_size is None or record.output_size >= 0
    assert record.efficiency_score is None or 0 <= record.efficiency_score <= 1


def test_manual_tracking_as_the_specification_shows_it(tracker: FeatureTracker) -> None:
    record_id = tracker.start_custom_tracking(
        "complex_operation", FeatureCategory.SYSMON, user_id="user123", metadata={"operation_type": "data_analysis"}
    )
    tracker.complete_custom_tracking(
        record_id, status=FeatureStatus.SUCCESS, input_size=7, output_size=9, efficiency_score=0.95
    )
    (record,) = tracker.records("complex_operation")
    assert record.record_id == record_id
    assert (record.input_size, record.output_size, record.efficiency_score) == (7, 9, 0.95)
    assert record.metadata == {"operation_type": "data_analysis"}
    assert [r.record_id for r in tracker.records(user_id="user123")] == [record_id]


def test_manual_failure_keeps_its_message(tracker: FeatureTracker) -> None:
    record_id = tracker.start_custom_tracking("op")
    tracker.complete_custom_tracking(record_id, status="failed", error_message="it broke", efficiency_score=0.0)
    (record,) = tracker.records("op")
    assert (record.status, record.error_message, record.efficiency_score) == ("failed", "it broke", 0.0)


def test_manual_tracking_may_be_completed_in_another_thread(tracker: FeatureTracker) -> None:
    record_id = tracker.start_custom_tracking("op")
    thread = threading.Thread(target=tracker.complete_custom_tracking, args=(record_id,))
    thread.start()
    thread.join()
    assert len(tracker.records("op")) == 1


def test_completing_an_unknown_or_completed_id_is_counted_and_warned_of_once(
    tracker: FeatureTracker, caplog: pytest.LogCaptureFixture
) -> None:
    record_id = tracker.start_custom_tracking("op")
    for given in (record_id, record_id, "nonsense", None):
        tracker.complete_custom_tracking(given)  # type: ignore[arg-type]
    assert len(tracker.records("op")) == 1
    assert tracker.health()["errors"]["unknown_record_id"] == 3
    assert caplog.text.count("never started") == 1


def test_context_gives_user_session_and_metadata_and_inner_blocks_win(tracker: FeatureTracker) -> None:
    function = tracker.track_feature("f")(lambda: None)
    with tracking_context(user_id="u1", session_id="s1", plan="free"):
        with tracking_context(plan="pro"):
            function()
        function()
    function()
    plain, free, pro = tracker.records("f")
    assert (pro.metadata["plan"], free.metadata["plan"]) == ("pro", "free")
    assert pro.user_id == free.user_id is not None
    assert (plain.user_id, plain.session_id, plain.metadata) == (None, None, {})


def test_context_follows_tasks_not_threads_that_know_nothing_of_it(tracker: FeatureTracker) -> None:
    function = tracker.track_feature("f")(lambda: None)

    async def main() -> None:
        with tracking_context(user_id="u1"):
            await asyncio.to_thread(function)
            await asyncio.create_task(run())

    async def run() -> None:
        function()

    asyncio.run(main())
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()
    users = [record.user_id for record in tracker.records("f")]
    assert users[0] is None
    assert users[1] == users[2] is not None


def test_resources_are_measured_when_asked_for(make_tracker: Any) -> None:
    tracker = make_tracker(resources=True)
    tracker.track_feature("f")(lambda: sum(range(200_000)))()
    (record,) = tracker.records("f")
    assert record.cpu_seconds is not None
    assert 0 < record.cpu_seconds <= record.duration * 1.5
    assert record.memory_bytes is not None
    assert record.memory_bytes >= 0


def test_resources_are_absent_by_default(tracker: FeatureTracker) -> None:
    tracker.track_feature("f")(lambda: None)()
    (record,) = tracker.records("f")
    assert (record.cpu_seconds, record.memory_bytes) == (None, None)


def test_record_says_where_it_ran(make_tracker: Any) -> None:
    import os
    import socket

    tracker = make_tracker(app="shop", version="2.1", environment="staging", sample_rate=1.0)
    tracker.track_feature("f")(lambda: None)()
    (record,) = tracker.records("f")
    assert (record.app, record.version, record.environment) == ("shop", "2.1", "staging")
    assert (record.thread_id, record.process_id) == (threading.get_ident(), os.getpid())
    assert record.host == socket.gethostname()


@pytest.mark.parametrize("mistaken", ["record_id", "status"])
def test_warning_of_a_mistaken_argument_does_not_repeat_it(
    tracker: FeatureTracker, caplog: pytest.LogCaptureFixture, mistaken: str
) -> None:
    given = {"record_id": tracker.start_custom_tracking("op"), mistaken: "hunter2-in-the-wrong-place"}
    tracker.complete_custom_tracking(**given)
    assert len(caplog.messages) == 1
    assert "hunter2" not in caplog.text
