"""Backends at fault under a running program: they raise, hang, are slow, are down for a time.

Budget: 20 s, and two minutes of waiting in which the machine has nothing to do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from site_packages import install_module
from slow_imports import without_slow_imports
from twice import PROGRAMS, Tracked, assert_store_is_as_accounted, run_twice

CALLS = 400


def run_with_fault(directory: Path, fault: str, ending: str, **options: Any) -> Tracked:
    """Run the program with the faulty backend installed like any third party's."""
    site = directory / "site"
    site.mkdir()
    install_module(site, "faulty", (PROGRAMS / "faulty_backend.py").read_text("utf-8"))
    environment = {"PYTHONPATH": str(site), "FAULT": fault, "MENDED": str(directory / "mended")}
    environment["FAILED"] = str(directory / "failed")
    return run_twice("calls.py", directory, ending, variables=environment, backend="faulty", **options)


@pytest.mark.parametrize("fault", ["raises", "exits", "interrupts", "recurses", "is-down"])
def test_backend_that_comes_back_has_every_call_once(tmp_path: Path, fault: str) -> None:
    tracked = run_with_fault(tmp_path, fault, "mended", warnings=[".*"])
    assert (tracked.status, tracked.account().stored) == (7, CALLS)
    assert_store_is_as_accounted(tracked)


def test_backend_that_is_down_for_two_minutes_comes_back_by_itself_and_lacks_no_call(tmp_path: Path) -> None:
    """200 calls a second into a queue of 10,000: what is more is folded. Of the failure there is a line a minute."""
    tracked = run_with_fault(tmp_path, "is-down", "outage", warnings=None, seconds=400)
    first, *later = without_slow_imports(tracked.warnings)
    refused = "cannot (declare features|store records) for now, will try again: no answer"
    assert re.fullmatch(refused, first)
    assert 1 <= len(later) <= 3  # more than one on a busy machine, where the two minutes last longer
    assert all(re.fullmatch(rf"{refused} \(\d+ more of this kind were not logged\)", line) for line in later)
    health = tracked.account().health
    assert (health["recorded"], health["pending"], health["dropped"]) == (127 * 200, 0, {})
    assert health["folded"] > 10_000
    assert_store_is_as_accounted(tracked)
    assert tracked.calls() == 127 * 200


def test_slow_backend_loses_nothing(tmp_path: Path) -> None:
    tracked = run_with_fault(tmp_path, "slow", "slow")
    assert tracked.account().stored == CALLS
    assert_store_is_as_accounted(tracked)


@pytest.mark.parametrize("fault", ["hangs", "raises", "exits", "interrupts"])
def test_program_ends_as_ever_while_its_backend_is_dead(tmp_path: Path, fault: str) -> None:
    warnings = [] if fault == "hangs" else [".*"]
    tracked = run_with_fault(tmp_path, fault, "dead", warnings=warnings, exit_timeout="0.5")
    assert (tracked.status, tracked.account().stored) == (7, 0)
    assert tracked.calls() == 0
