"""Trackers that are opened and closed 500 times in one process. Budget: 20 s."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from twice import run_twice

CYCLES: Final = 500


def test_five_hundred_trackers_leave_no_descriptor_thread_or_tracker_behind(tmp_path: Path) -> None:
    tracked = run_twice("openings.py", tmp_path, str(CYCLES))
    assert tracked.output == "nothing piles up: True True\n"
    assert len(tracked.accounts) == CYCLES
    assert (
        tracked.calls("opened")
        == sum(one.made for one in tracked.accounts)
        == sum(one.stored for one in tracked.accounts)
    )
