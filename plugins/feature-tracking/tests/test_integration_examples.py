"""The integration examples: they do what they say, and leave the records they promise."""

from __future__ import annotations

import json
import os
import stat
import statistics
import urllib.error
from pathlib import Path

import pytest

from feature_tracking.integration_examples import (
    analyse_data,
    coordinate_crew_agents,
    create_configuration_snapshot,
    execute_agent_task,
    execute_crew,
    query_openrouter,
)
from feature_tracking.local_model import key_sentence, local_model

RECORDED = {
    ("openrouter_query", "ai_provider", "success"): 1,
    ("openrouter_query", "ai_provider", "failed"): 1,
    ("crew_execution", "mcp_server", "success"): 1,
    ("crew_execution", "mcp_server", "failed"): 1,
    ("config_snapshot", "sysmon", "success"): 1,
    ("crew_coordination", "agent_platform", "success"): 1,
    ("agent_execution", "agent_platform", "success"): 3,
    ("agent_execution", "agent_platform", "failed"): 1,
    ("complex_operation", "sysmon", "success"): 1,
    ("complex_operation", "sysmon", "failed"): 1,
}


def test_running_the_module_records_every_call_it_made(python, stored, tmp_path: Path) -> None:
    finished = python("-m", "feature_tracking.integration_examples", str(tmp_path))
    assert finished.returncode == 0
    counted: dict[tuple[str, str, str], int] = {}
    for record in stored():
        key = (record.feature_name, record.category, str(record.status))
        counted[key] = counted.get(key, 0) + 1
    assert counted == RECORDED


def test_running_the_module_prints_the_tables_of_the_command_line(python, tmp_path: Path) -> None:
    features, records = python("-m", "feature_tracking.integration_examples", str(tmp_path)).stdout.split("\n\n")
    assert features.startswith("feature_name\tcategory\ttotal_calls")
    assert len(features.splitlines()) == 1 + len({name for name, _, _ in RECORDED})
    assert records.startswith("start_time\tfeature_name")
    assert len(records.splitlines()) == 1 + sum(RECORDED.values())


def test_running_the_module_with_tracking_off_says_that_nothing_was_recorded(python, tmp_path: Path) -> None:
    finished = python(
        "-m", "feature_tracking.integration_examples", str(tmp_path), variables={"FEATURE_TRACKING_ENABLED": "false"}
    )
    assert (finished.returncode, finished.stdout) == (0, "")
    assert "nothing was recorded" in finished.stderr


def test_model_on_this_machine_answers_with_a_sentence_of_the_prompt() -> None:
    with local_model() as address:
        answer = query_openrouter("Cats sleep. Cats and dogs play with cats. It rains today.", base_url=address)
    assert answer == "Cats sleep."


def test_model_refuses_a_prompt_without_words() -> None:
    with local_model() as address, pytest.raises(urllib.error.HTTPError, match="400"):
        query_openrouter("?", base_url=address)


def test_key_sentence_has_the_most_frequent_words() -> None:
    assert key_sentence("Nothing here. Tracking counts tracking. Something else.") == "Tracking counts tracking."


def test_crew_finds_what_its_members_look_for(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text('def f():\n    pass\n\ndef g():\n    """Do."""\n' + "    x = 1\n" * 40)
    assert execute_crew("code_review", {"source": source}) == {"undocumented": ["f"], "long": ["g"]}


def test_unknown_crew_is_refused() -> None:
    with pytest.raises(ValueError, match="code_review"):
        execute_crew("poetry", {})


def test_snapshot_holds_the_settings_and_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "77")
    monkeypatch.setenv("FEATURE_TRACKING_DASHBOARD_TOKEN", "a-long-dashboard-token")
    path = create_configuration_snapshot("before", folder=tmp_path)
    text = path.read_text()
    assert json.loads(text)["settings"]["FEATURE_TRACKING_FLUSH_INTERVAL"] == "77"
    assert "a-long-dashboard-token" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_snapshot_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "before.json").write_text("mine")
    with pytest.raises(FileExistsError):
        create_configuration_snapshot("before", folder=tmp_path)
    assert (tmp_path / "before.json").read_text() == "mine"


def test_agents_work_on_the_text() -> None:
    assert coordinate_crew_agents("c", [("counter", "one two three"), ("reader", "track track track")]) == {
        "c/counter": "3 words",
        "c/reader": "track",
    }


def test_unknown_agent_is_refused() -> None:
    with pytest.raises(LookupError, match="painter"):
        execute_agent_task("painter", "a picture")


def test_analysis_raises_what_statistics_raises() -> None:
    assert analyse_data([1.0, 3.0], "u")["mean"] == 2.0
    with pytest.raises(statistics.StatisticsError):
        analyse_data([], "u")


def test_key_of_the_service_is_not_recorded(python, tmp_path: Path) -> None:
    code = (
        "from feature_tracking.integration_examples import *\n"
        "with local_model() as address:\n"
        "    query_openrouter('Some words here.', base_url=address, api_key='sk-0123456789abcdef')"
    )
    assert python("-c", code, variables={"FEATURE_TRACKING_CAPTURE_ARGS": "values"}).returncode == 0
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert files
    assert not any(b"sk-0123456789abcdef" in path.read_bytes() for path in files)
    assert os.listdir(tmp_path / "work") == []
