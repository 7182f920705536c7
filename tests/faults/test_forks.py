"""Forks in bad moments: each side goes on, and each accounts for its own calls. Budget: 60 s."""

from __future__ import annotations

from pathlib import Path

import pytest
from twice import assert_store_is_as_accounted, run_twice


def test_child_of_a_configured_tracker_counts_from_zero_under_its_own_process(tmp_path: Path) -> None:
    tracked = run_twice("configured_fork.py", tmp_path)
    parent, child = tracked.accounts
    assert (parent.health["written"], child.health["written"]) == (50, 5)
    assert_store_is_as_accounted(tracked)


def test_writing_resumes_by_itself_after_a_fork_that_found_the_queue_full(tmp_path: Path) -> None:
    blocker = tmp_path / "blocker"
    tracked = run_twice(
        "fork_with_a_full_queue.py", tmp_path, str(blocker), warnings=["cannot .*Not a directory"],
        data_dir=blocker / "data", queue_size="50",
    )  # fmt: skip
    last = tracked.account()
    assert (last.stored, last.health["dropped"]) == (501, {})
    assert last.health["folded"] > 0
    assert tracked.calls() == 501


def test_a_thousand_forks_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    """Other threads hold the tracker's locks, and those of `logging`, in the moment of the fork."""
    tracked = run_twice("many_forks.py", tmp_path, "1000", str(tmp_path / "made"))
    assert len(tracked.accounts) == 51
    assert_store_is_as_accounted(tracked)
    assert tracked.calls() == int((tmp_path / "made").read_text("utf-8")) + 50 * 3


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pool_of_each_start_method_accounts_for_every_call(tmp_path: Path, method: str) -> None:
    tracked = run_twice("pools.py", tmp_path, method)
    assert_store_is_as_accounted(tracked)
    assert (tracked.status, tracked.calls()) == (7, 1 + 20 * 50)
