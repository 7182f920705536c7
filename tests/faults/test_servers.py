"""Real servers: workers forked from a loaded application, and greenlets in place of threads. Budget: 30 s."""

from __future__ import annotations

from pathlib import Path

import pytest
from twice import assert_store_is_as_accounted, run_twice


@pytest.mark.parametrize("worker_class", ["sync", "gthread", "gevent"])
def test_preloaded_application_in_two_workers_that_are_replaced_loses_and_doubles_no_call(
    tmp_path: Path, worker_class: str
) -> None:
    tracked = run_twice("server.py", tmp_path, worker_class)
    assert sum(one.made for one in tracked.accounts) == 200
    assert len(tracked.accounts) == 4
    assert_store_is_as_accounted(tracked)
    assert tracked.calls("page") == 201


@pytest.mark.parametrize("order", ["first", "late"])
def test_greenlets_of_a_patched_process_lose_no_call_and_hold_up_nobody(tmp_path: Path, order: str) -> None:
    """Whether gevent patched the process before or after our import; over a fork and the end."""
    tracked = run_twice("greenlets.py", tmp_path, order)
    assert tracked.status == 4
    assert_store_is_as_accounted(tracked)
    assert tracked.calls() == 303
