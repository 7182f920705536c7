"""The demo's application by itself, untracked: what it does, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from curio_tracking.demo import story
from curio_tracking.demo.tally import Tally


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("story")


@pytest.fixture(scope="module")
def observed(folder: Path) -> dict[str, Any]:
    """What the application did in a process of its own, with tracking off."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("observed_story.py")), str(folder)],
        env={"PATH": os.defpath, "HOME": str(folder), "DO_NOT_TRACK": "1", "http_proxy": "http://192.0.2.1:3128"},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return dict(json.loads(done.stdout))


def test_the_story_writes_in_its_folder_only(observed: dict[str, Any], folder: Path) -> None:
    assert observed["written"]
    assert [path for path in observed["written"] if not Path(path).is_relative_to(folder)] == []


def test_the_story_leaves_nothing_but_the_users_folders(observed: dict[str, Any], folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {user.user_id for user in story.USERS}


def test_the_story_talks_to_the_loopback_interface_only_even_with_a_proxy_set(observed: dict[str, Any]) -> None:
    assert observed["addresses"] == ["127.0.0.1"]
    assert set(observed["lookups"]) <= {"127.0.0.1"}


def test_the_story_meets_every_status_and_no_problem(observed: dict[str, Any]) -> None:
    assert {status for _feature, status, _times in observed["calls"]} == {"success", "failed", "partial", "timeout"}
    assert observed["problems"] == []


def test_an_area_that_the_machine_refuses_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    def area(home: Path, tally: Tally) -> None:
        tally.count("first_step")
        (home / "missing" / "report.txt").write_text("never", "utf-8")

    tally = Tally()
    problem = story.visit(area, tmp_path, tally)
    assert problem is not None
    assert "FileNotFoundError" in problem
    assert tally.calls == {("first_step", "success"): 1}


def test_a_failure_that_does_not_happen_is_not_counted() -> None:
    tally = Tally()
    with (
        pytest.raises(AssertionError, match="feature_a was expected to raise KeyError"),
        tally.failing("feature_a", KeyError),
    ):
        pass
    assert not tally.calls


def test_an_unexpected_failure_is_not_taken_for_the_expected_one() -> None:
    tally = Tally()
    with pytest.raises(ValueError, match="other"), tally.failing("feature_a", KeyError):
        raise ValueError("other")
    assert not tally.calls
