"""The imports and code constructs of the platform's documentation, word for word."""

from __future__ import annotations

import importlib

import pytest

import curio_tracking
import feature_tracking.feature_tracker as module


@pytest.mark.parametrize("name", module.__all__)
def test_every_name_is_the_very_object_of_curio_tracking(name: str) -> None:
    assert getattr(module, name) is getattr(curio_tracking, name)


@pytest.mark.parametrize(
    "name",
    ["feature_tracker", "config", "cli", "dashboard", "integration_examples", "setup_integration"],
)
def test_every_module_of_the_architecture_can_be_imported(name: str) -> None:
    assert importlib.import_module(f"feature_tracking.{name}").__name__ == f"feature_tracking.{name}"


DECORATOR = """
from feature_tracking.feature_tracker import track_feature, FeatureCategory

@track_feature("my_feature", FeatureCategory.AI_PROVIDER)
def my_function(param1, param2):
    # Your function logic here
    return "result"

assert my_function(1, param2=2) == "result"
"""

MANUAL = """
from feature_tracking.feature_tracker import feature_tracker, FeatureStatus
from feature_tracking.feature_tracker import FeatureCategory

def run(input_data, perform_operation):
    # Start tracking
    record_id = feature_tracker.start_custom_tracking(
        "complex_operation",
        FeatureCategory.SYSMON,
        user_id="user123",
        metadata={"operation_type": "data_analysis"}
    )

    try:
        # Perform complex operation
        result = perform_operation()

        # Complete tracking with success
        feature_tracker.complete_custom_tracking(
            record_id,
            status=FeatureStatus.SUCCESS,
            input_size=len(str(input_data)),
            output_size=len(str(result)),
            efficiency_score=0.95
        )
    except Exception as e:
        # Complete tracking with failure
        feature_tracker.complete_custom_tracking(
            record_id,
            status=FeatureStatus.FAILED,
            error_message=str(e),
            efficiency_score=0.0
        )

run("four", lambda: "result")
run("four", lambda: 1 / 0)
"""

CATEGORIES = """
from feature_tracking.feature_tracker import track_feature, FeatureCategory

@track_feature("openrouter_query", FeatureCategory.AI_PROVIDER)
def query_openrouter(prompt: str, model: str = "mistralai/mistral-7b-instruct"):
    return prompt

@track_feature("crew_execution", FeatureCategory.MCP_SERVER)
def execute_crew(crew_type: str, config: dict):
    return crew_type

@track_feature("config_snapshot", FeatureCategory.SYSMON)
def create_configuration_snapshot(name: str = None):
    return name

@track_feature("agent_execution", FeatureCategory.AGENT_PLATFORM)
def execute_agent_task(agent_name: str, task_description: str):
    return agent_name

@track_feature("crew_coordination", FeatureCategory.AGENT_PLATFORM)
def coordinate_crew_agents(crew_id: str, tasks: list):
    return crew_id

query_openrouter("p")
execute_crew("c", {})
create_configuration_snapshot()
execute_agent_task("a", "t")
coordinate_crew_agents("c", [])
"""


def test_decorated_function_leaves_a_record(python, stored) -> None:
    finished = python("-c", DECORATOR)
    assert (finished.returncode, finished.stderr) == (0, "")
    (record,) = stored()
    assert (record.feature_name, record.category, record.status) == ("my_feature", "ai_provider", "success")


def test_manual_tracking_keeps_what_was_said_of_success_and_failure(python, stored) -> None:
    finished = python("-c", MANUAL)
    assert (finished.returncode, finished.stderr) == (0, "")
    failed, succeeded = stored()
    assert (succeeded.status, succeeded.input_size, succeeded.output_size) == ("success", 4, 6)
    assert (succeeded.efficiency_score, succeeded.metadata["operation_type"]) == (0.95, "data_analysis")
    assert (failed.status, failed.efficiency_score, failed.error_message) == ("failed", 0.0, "division by zero")


def test_user_of_a_manual_tracking_is_stored_as_a_pseudonym(python, stored) -> None:
    python("-c", MANUAL)
    users = {record.user_id for record in stored()}
    assert len(users) == 1
    assert users.isdisjoint({None, "user123"})


def test_examples_of_the_categories_leave_their_records(python, stored) -> None:
    assert python("-c", CATEGORIES).returncode == 0
    assert {(record.feature_name, record.category) for record in stored()} == {
        ("openrouter_query", "ai_provider"),
        ("crew_execution", "mcp_server"),
        ("config_snapshot", "sysmon"),
        ("agent_execution", "agent_platform"),
        ("crew_coordination", "agent_platform"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "AI_PROVIDER",
        "MCP_SERVER",
        "SYSMON",
        "CONFIG_EDITOR",
        "AGENT_PLATFORM",
        "WEB_INTERFACE",
        "TERMINAL_TOOL",
        "FILE_OPERATION",
        "DATABASE_OPERATION",
        "OTHER",
    ],
)
def test_every_category_of_the_documentation_exists(name: str) -> None:
    assert module.FeatureCategory[name].value == name.lower()


def test_importing_the_package_loads_no_engine_and_no_surface(python) -> None:
    heavy = "{'pluggy', 'pydantic', 'tinyflux', 'typer', 'bottle', 'libcst'}"
    finished = python("-c", f"import sys, feature_tracking.feature_tracker; print({heavy} & set(sys.modules))")
    assert finished.stdout == "set()\n"
