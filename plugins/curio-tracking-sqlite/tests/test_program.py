"""A tracked program and the commands, from beginning to end, with the backend named by one variable."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking import FeatureTracker

Run = Callable[..., subprocess.CompletedProcess[str]]

PROGRAM = """
from curio_tracking import track_feature, tracking_context

@track_feature("divide", "other")
def divide(a, b):
    return a / b

@track_feature("never_called", "web_interface")
def never_called():
    pass

with tracking_context(user_id="ada lovelace"):
    for number in range(120):
        divide(1, number + 1)
    try:
        divide(1, 0)
    except ZeroDivisionError:
        pass
"""
FORKING_PROGRAM = """
import multiprocessing, os
from curio_tracking import track_feature

@track_feature("work", "other")
def work(number):
    return number

def worker():
    for number in range(50):
        work(number)

if __name__ == "__main__":
    work(0)
    context = multiprocessing.get_context("fork")
    for _round in range(3):
        workers = [context.Process(target=worker) for _ in range(3)]
        for one in workers:
            one.start()
        for number in range(20):
            work(number)
        for one in workers:
            one.join()
"""


@pytest.fixture
def program(python: Run) -> None:
    finished = python("-c", PROGRAM)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def command(python: Run, *arguments: str, **variables: str) -> str:
    finished = python("-m", "curio_tracking", *arguments, **variables)
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


@pytest.mark.usefixtures("program")
def test_features_are_listed(python: Run) -> None:
    found = json.loads(command(python, "list-features", "--format", "json"))
    assert [(one["feature_name"], one["total_calls"], one["failure_count"]) for one in found] == [
        ("divide", 121, 1),
        ("never_called", 0, 0),
    ]


@pytest.mark.usefixtures("program")
def test_records_are_listed_newest_first(python: Run) -> None:
    (newest,) = json.loads(command(python, "list-records", "--limit", "1", "--format", "json"))
    assert (newest["status"], newest["error_type"]) == ("failed", "ZeroDivisionError")


@pytest.mark.usefixtures("program")
def test_records_are_found_by_status(python: Run) -> None:
    found = json.loads(command(python, "list-records", "--status", "failed", "--format", "json"))
    assert len(found) == 1


@pytest.mark.usefixtures("program")
def test_statistics_of_a_feature_are_shown(python: Run) -> None:
    found = json.loads(command(python, "feature-stats", "divide", "--format", "json"))
    assert (found["total_calls"], found["unique_users"]) == (121, 1)


@pytest.mark.usefixtures("program")
def test_maintain_and_doctor_find_nothing_wrong(python: Run) -> None:
    report = json.loads(command(python, "maintain", "--format", "json"))
    assert report["failed"] == []
    findings = json.loads(command(python, "doctor", "--format", "json"))
    assert {finding["condition"] for finding in findings} == {"ok"}


def test_doctor_ends_with_1_for_a_damaged_file(python: Run, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 500)
    finished = python("-m", "curio_tracking", "doctor", "--format", "json")
    assert finished.returncode == 1
    assert [finding["condition"] for finding in json.loads(finished.stdout)] == ["damaged"]


@pytest.mark.usefixtures("program")
def test_exported_records_come_back_by_importing(python: Run, path: Path) -> None:
    exported = command(python, "export", "--format", "jsonl")
    Path("records.jsonl").write_text(exported)
    path.unlink()
    assert python("-m", "curio_tracking", "import", "records.jsonl").returncode == 0
    assert len(json.loads(command(python, "list-records", "--limit", "0", "--format", "json"))) == 121


@pytest.mark.usefixtures("program")
def test_a_second_import_of_the_same_records_adds_nothing(python: Run) -> None:
    Path("records.jsonl").write_text(command(python, "export", "--format", "jsonl"))
    assert python("-m", "curio_tracking", "import", "records.jsonl").returncode == 0
    assert len(json.loads(command(python, "list-records", "--limit", "0", "--format", "json"))) == 121


def test_commands_on_an_empty_store_leave_no_file(python: Run, tmp_path: Path) -> None:
    for arguments in (("list-features",), ("list-records",), ("doctor",), ("maintain",)):
        assert python("-m", "curio_tracking", *arguments).returncode == 0
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("program")
def test_plain_user_ids_are_not_in_the_file(path: Path) -> None:
    assert b"lovelace" not in path.read_bytes()


def test_forked_workers_and_their_parent_lose_nothing(python: Run) -> None:
    Path("forking.py").write_text(FORKING_PROGRAM)
    finished = python("forking.py")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    (found,) = json.loads(command(python, "list-features", "--format", "json"))
    assert found["total_calls"] == 1 + 3 * (3 * 50 + 20)


def test_host_is_not_disturbed_by_a_file_that_cannot_be_used(python: Run, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 500)
    finished = python("-c", PROGRAM + "print('done')", FEATURE_TRACKING_EXIT_TIMEOUT="0.5")
    assert (finished.returncode, finished.stdout) == (0, "done\n")
    assert path.read_bytes() == b"no database" * 500


def test_tracker_counts_what_a_damaged_file_refuses(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 500)
    tracker = FeatureTracker(backend="sqlite", data_dir=path.parent, exit_timeout=0.2)
    tracker.complete_custom_tracking(tracker.start_custom_tracking("f", "other"))
    assert not tracker.flush(0.2)
    assert tracker.health()["pending"] == 1
    path.unlink()
    assert tracker.flush(60)
    assert len(tracker.records(limit=0)) == 1
    tracker.close()
