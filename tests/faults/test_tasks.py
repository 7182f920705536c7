"""Threads, tasks and generators under load or cut short. Budget: 15 s."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from twice import assert_store_is_as_accounted, run_twice


def test_sixteen_threads_of_ten_thousand_calls_are_all_there(tmp_path: Path) -> None:
    tracked = run_twice("tasks.py", tmp_path, "threads")
    assert tracked.account().health["dropped"] == {}
    assert_store_is_as_accounted(tracked)
    assert tracked.calls() == 160_000


def test_tasks_that_are_cancelled_fail_together_or_time_out_leave_a_record_each(tmp_path: Path) -> None:
    tracked = run_twice("tasks.py", tmp_path, "tasks")
    assert_store_is_as_accounted(tracked)
    statuses = Counter((record.feature_name, record.status) for record in tracked.records())
    assert (statuses["waits", "failed"], statuses["waits", "success"]) == (32, 10)
    assert (statuses["numbers", "partial"], statuses["stream", "partial"]) == (1, 1)
