"""Every metric of the specification is in the record of an execution, end to end: application, file, program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from curio_tracking import FeatureStatus

APPLICATION = """
import time
from curio_tracking import feature_tracker, track, track_feature, tracking_context

@track_feature("translate", "ai_provider", target_seconds=10.0, target_size=4)
def translate(text, model="m", *, pages=(1, 2)):
    time.sleep(0.01)
    return "ab"

@track_feature("refuse")
def refuse():
    raise ValueError("not today")

@track_feature("give_up")
def give_up():
    raise TimeoutError("too slow")

with tracking_context(user_id="ada", session_id="monday", plan="pro"):
    translate("hello")
for function in (refuse, give_up):
    try:
        function()
    except Exception:
        pass
with track("import_rows", "database_operation") as run:
    run.iterations = 3
    run.output_size = 10
    run.add_metadata(rows=10)
    run.partial("two rows skipped")
record_id = feature_tracker.start_custom_tracking("scan", "sysmon", user_id="ada", metadata={"depth": 2})
feature_tracker.complete_custom_tracking(record_id, input_size=7, output_size=9, efficiency_score=0.95, iterations=4)
"""
VARIABLES = {"ANONYMIZE": "false"}


@pytest.fixture
def records(told) -> dict[str, dict[str, Any]]:
    """Return the records of the application by feature."""
    return {record["feature_name"]: record for record in told.records()}


def test_execution_time_is_measured(records) -> None:
    assert 0.01 <= records["translate"]["duration"] < 30
    assert records["refuse"]["duration"] >= 0
    age = datetime.now(UTC) - datetime.fromisoformat(records["translate"]["start_time"])
    assert 0 <= age.total_seconds() < 600


def test_success_status_has_its_four_values(records) -> None:
    found = {name: record["status"] for name, record in records.items()}
    assert found == {
        "translate": "success",
        "refuse": "failed",
        "give_up": "timeout",
        "import_rows": "partial",
        "scan": "success",
    }
    assert set(found.values()) == {status.value for status in FeatureStatus}


def test_input_and_output_size_are_taken_or_given(records) -> None:
    assert records["translate"]["input_size"] == len("hello") + len("m") + len((1, 2))
    assert records["translate"]["output_size"] == len("ab")
    assert (records["scan"]["input_size"], records["scan"]["output_size"]) == (7, 9)
    assert records["refuse"]["output_size"] is None


def test_efficiency_score_is_calculated_from_time_output_and_iterations(records) -> None:
    # within the target time: 0.5 of 1.0; half of the target size: 0.3 of 0.5; no target iterations: left out
    assert records["translate"]["efficiency_score"] == pytest.approx((0.5 * 1.0 + 0.3 * 0.5) / 0.8)
    assert records["refuse"]["efficiency_score"] == 0.0
    assert records["give_up"]["efficiency_score"] == 0.0


def test_an_explicit_efficiency_score_wins(records) -> None:
    assert records["scan"]["efficiency_score"] == 0.95


def test_metadata_holds_function_parameters(records) -> None:
    assert records["translate"]["metadata"]["parameters"] == {
        "text": {"type": "str", "size": 5},
        "model": {"type": "str", "size": 1},
        "pages": {"type": "tuple", "size": 2},
    }


def test_the_thread_id_is_kept(records) -> None:
    threads = {record["thread_id"] for record in records.values()}
    assert len(threads) == 1
    assert isinstance(threads.pop(), int)


def test_metadata_holds_custom_keys(records) -> None:
    assert records["import_rows"]["metadata"]["rows"] == 10
    assert records["scan"]["metadata"]["depth"] == 2
    assert records["translate"]["metadata"]["plan"] == "pro"


def test_user_and_session_are_kept(records) -> None:
    assert (records["translate"]["user_id"], records["translate"]["session_id"]) == ("ada", "monday")
    assert (records["scan"]["user_id"], records["scan"]["session_id"]) == ("ada", None)
    assert records["refuse"]["user_id"] is None


def test_error_information_is_kept(records) -> None:
    assert (records["refuse"]["error_type"], records["refuse"]["error_message"]) == ("ValueError", "not today")
    assert (records["give_up"]["error_type"], records["give_up"]["error_message"]) == ("TimeoutError", "too slow")
    assert records["import_rows"]["error_message"] == "two rows skipped"
    assert records["translate"]["error_type"] is records["translate"]["error_message"] is None


def test_iteration_count_is_kept(records) -> None:
    assert records["import_rows"]["iterations"] == 3
    assert records["scan"]["iterations"] == 4
    assert records["translate"]["iterations"] == 1
