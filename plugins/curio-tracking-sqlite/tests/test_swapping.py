"""Swapping the backend by one variable changes no statistic: the same calls or records give the same JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

OTHERS = ("tinyflux", "csv")
QUESTIONS = {
    "all features": ("list-features",),
    "one feature": ("feature-stats", "translate"),
    "one category": ("list-features", "--category", "file_operation"),
    "all records": ("list-records", "--limit", "0"),
    "failures": ("list-records", "--status", "failed"),
    "one user": ("list-records", "--user", "u1", "--limit", "5"),
}
MEASURED = {"start_time", "duration", "first_used", "last_used", "efficiency_score", "avg_efficiency"}
"""Times, and what is made of them."""
OF_THE_PROCESS = {"record_id", "parent_id", "process_id", "thread_id"}
PROGRAM = """
from curio_tracking import FeatureStatus, feature_tracker, track, track_feature, tracking_context

@track_feature("translate", "ai_provider")
def translate(text, language="de"):
    if language == "xx":
        raise ValueError("no such language")
    return text.upper()

for number in range(40):
    with tracking_context(user_id=f"u{number % 7}", session_id=f"s{number % 11}", plan="pro"):
        try:
            translate("word " * number, "xx" if number % 7 == 3 else "de")
        except ValueError:
            pass
        with track("import_csv", "file_operation") as run:
            run.add_metadata(rows=number)
            run.iterations = number + 1
            run.output_size = 1000 * number
            if number % 5 == 0:
                run.partial("two rows skipped")
    late = number % 13 == 12
    feature_tracker.complete_custom_tracking(
        feature_tracker.start_custom_tracking("nightly", "sysmon", metadata={"queue": 'a;b,"c"'}),
        status=FeatureStatus.TIMEOUT if late else FeatureStatus.SUCCESS,
        input_size=number,
        output_size=None if number % 3 else number * 2,
        error_message="too late" if late else None,
    )
assert feature_tracker.flush(60)
"""
WITH_A_FEATURE_WITHOUT_CALLS = (
    """
from curio_tracking import track_feature

@track_feature("never_called")
def never_called():
    pass
"""
    + PROGRAM
)


def answers(python: Run, backend: str) -> dict[str, Any]:
    """Return what the commands say of a store."""
    found = {}
    for question, arguments in QUESTIONS.items():
        finished = python("-m", "curio_tracking", *arguments, "--format", "json", FEATURE_TRACKING_BACKEND=backend)
        assert (finished.returncode, finished.stderr) == (0, "")
        found[question] = json.loads(finished.stdout)
    return found


def without_clocks(value: Any) -> Any:
    """Return an answer without what differs from run to run under one backend, too."""
    if isinstance(value, list):
        return [without_clocks(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_clocks(one)
        for key, one in value.items()
        if key not in MEASURED | OF_THE_PROCESS and not key.endswith("_duration")
    }


def approximately(value: Any) -> Any:
    """Return an answer for comparison: floats may differ in what the order of adding changes."""
    if isinstance(value, list):
        return [approximately(one) for one in value]
    if isinstance(value, dict):
        return {key: approximately(one) for key, one in value.items()}
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def answers_to_calls(python: Run, backend: str) -> dict[str, Any]:
    # one data directory for all: the key that pseudonyms are made with is there
    finished = python("-c", WITH_A_FEATURE_WITHOUT_CALLS, FEATURE_TRACKING_BACKEND=backend)
    assert (finished.returncode, finished.stderr) == (0, "")
    return without_clocks(answers(python, backend))


def test_same_calls_give_the_same_answers(python: Run) -> None:
    ours = answers_to_calls(python, "sqlite")
    assert {one["feature_name"]: one["total_calls"] for one in ours["all features"]} == {
        "translate": 40,
        "import_csv": 40,
        "nightly": 40,
        "never_called": 0,
    }
    assert {backend: answers_to_calls(python, backend) for backend in OTHERS} == dict.fromkeys(OTHERS, ours)


def test_same_records_give_the_same_answers_times_included(python: Run) -> None:
    assert python("-c", PROGRAM).returncode == 0
    Path("records.jsonl").write_text(python("-m", "curio_tracking", "export", "--format", "jsonl").stdout)
    ours = approximately(answers(python, "sqlite"))
    for backend in OTHERS:
        imported = python("-m", "curio_tracking", "import", "records.jsonl", FEATURE_TRACKING_BACKEND=backend)
        assert imported.returncode == 0
        assert answers(python, backend) == ours
