"""The integration examples of the platform, as code that runs: `python -m feature_tracking.integration_examples`.

AI provider, MCP server, system monitoring, agents and manual tracking, each doing real work with the standard library.
Running the module runs them all, some with bad input, and prints what was recorded in the tables of the CLI. The
records go where all others go; they are real calls.
"""

from __future__ import annotations

import ast
import contextvars
import json
import os
import platform
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.request import Request, urlopen

import typer

from curio_tracking.cli import choose_format, note, print_rows
from curio_tracking.cli.list_features import LAYOUT as FEATURES
from curio_tracking.cli.list_records import LAYOUT as RECORDS
from curio_tracking.settings import describe_settings, load_settings
from feature_tracking.example_work import AGENTS, CREWS
from feature_tracking.feature_tracker import (
    FeatureCategory,
    FeatureStatus,
    feature_tracker,
    track_feature,
    tracking_context,
)
from feature_tracking.local_model import local_model
from feature_tracking.program import new_program, run_program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OPENROUTER: Final = "https://openrouter.ai/api/v1"
ANSWER_SECONDS: Final = 30.0

# -- AI provider ------------------------------------------------------------------------------------------------------


@track_feature("openrouter_query", FeatureCategory.AI_PROVIDER, ignore=("api_key",))
def query_openrouter(
    prompt: str,
    model: str = "mistralai/mistral-7b-instruct",
    *,
    base_url: str = OPENROUTER,
    api_key: str | None = None,
) -> str:
    """Ask a model over the chat interface of OpenRouter and return its answer.

    Args:
        prompt: the question.
        model: which model answers.
        base_url: another service with the same interface, for example one on this machine.
        api_key: what the service asks for; never recorded.

    Raises:
        urllib.error.URLError: the service cannot be reached, or refuses (then it is an HTTPError).
    """
    content = json.dumps({"model": model, "messages": [{"role": "user", "content": prompt}]}).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
    request = Request(f"{base_url}/chat/completions", content, headers)  # noqa: S310 - the caller names the service
    with urlopen(request, timeout=ANSWER_SECONDS) as response:  # noqa: S310
        return str(json.load(response)["choices"][0]["message"]["content"])


# -- MCP server -------------------------------------------------------------------------------------------------------


@track_feature("crew_execution", FeatureCategory.MCP_SERVER)
def execute_crew(crew_type: str, config: dict[str, Any]) -> dict[str, list[str]]:
    """Let the members of a crew look at the Python file `config["source"]`, side by side; return what each found.

    Raises:
        ValueError: there is no such crew. OSError, SyntaxError: the file cannot be read.
    """
    if crew_type not in CREWS:
        raise ValueError(f'no crew "{crew_type}"; there is {", ".join(CREWS)}')
    tree = ast.parse(Path(config["source"]).read_bytes())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    with ThreadPoolExecutor() as pool:
        work = {role: pool.submit(look, functions) for role, look in CREWS[crew_type].items()}
    return {role: future.result() for role, future in work.items()}


# -- SysMon -----------------------------------------------------------------------------------------------------------


@track_feature("config_snapshot", FeatureCategory.SYSMON)
def create_configuration_snapshot(name: str | None = None, *, folder: Path | None = None) -> Path:
    """Write the settings (secrets masked) and the state of this machine to a JSON file that only this user can read.

    Args:
        name: of the snapshot; by default the time.
        folder: where; by default the current one.

    Raises:
        FileExistsError: there is a snapshot of that name.
    """
    taken = datetime.now(UTC)
    path = (folder or Path()) / f"{name or taken.strftime('%Y-%m-%dT%H%M%SZ')}.json"
    state = {
        "taken": taken.isoformat(),
        "settings": {row.variable: row.value_text for row in describe_settings(load_settings(strict=False))},
        "python": sys.version,
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(state, file, indent=2)
    return path


# -- agents -----------------------------------------------------------------------------------------------------------


@track_feature("agent_execution", FeatureCategory.AGENT_PLATFORM)
def execute_agent_task(agent_name: str, task_description: str) -> str:
    """Let an agent work on a text and return what it says.

    Raises:
        LookupError: there is no such agent.
    """
    if agent_name not in AGENTS:
        raise LookupError(f'no agent "{agent_name}"; there are {", ".join(AGENTS)}')
    return AGENTS[agent_name](task_description)


@track_feature("crew_coordination", FeatureCategory.AGENT_PLATFORM)
def coordinate_crew_agents(crew_id: str, tasks: list[tuple[str, str]]) -> dict[str, str]:
    """Hand out (agent, text) pairs, wait for all and return each agent's result under `crew_id/agent`."""
    with ThreadPoolExecutor() as pool:
        # in a copy of this context, the agents work for the same user as this call
        work = {
            f"{crew_id}/{agent}": pool.submit(contextvars.copy_context().run, execute_agent_task, agent, text)
            for agent, text in tasks
        }
    return {name: future.result() for name, future in work.items()}


# -- manual tracking --------------------------------------------------------------------------------------------------


def analyse_data(values: Sequence[float], user_id: str) -> dict[str, float]:
    """Return mean and deviation of some measurements, tracked by hand from start to end.

    Raises:
        statistics.StatisticsError: there are less than two.
    """
    record_id = feature_tracker.start_custom_tracking(
        "complex_operation", FeatureCategory.SYSMON, user_id=user_id, metadata={"operation_type": "data_analysis"}
    )
    try:
        result = {"mean": statistics.mean(values), "deviation": statistics.stdev(values)}
    except Exception as error:
        feature_tracker.complete_custom_tracking(
            record_id, status=FeatureStatus.FAILED, error_message=str(error), efficiency_score=0.0
        )
        raise
    feature_tracker.complete_custom_tracking(
        record_id,
        status=FeatureStatus.SUCCESS,
        input_size=len(values),
        output_size=len(str(result)),
        efficiency_score=0.95,
    )
    return result


# -- all of them ------------------------------------------------------------------------------------------------------

PROGRAM: Final = "python -m feature_tracking.integration_examples"
TEXT: Final = (
    "A program that counts its own features can be cut without fear. Features that nobody uses are known by name, and "
    "features that fail are known before their users complain. What is counted stays on the machine of those users."
)
app = new_program()


def run_examples(folder: Path, tell: Callable[[str], None]) -> None:
    """Run every example, with good input and with some that must fail.

    Args:
        folder: where the snapshot goes.
        tell: takes one line about each call.
    """

    def attempt(name: str, function: Callable[..., Any], *args: Any, **options: Any) -> None:
        try:
            tell(f"{name}: {function(*args, **options)}")
        except Exception as error:
            tell(f"{name} failed: {error}")

    with local_model() as address:
        attempt("openrouter_query", query_openrouter, TEXT, base_url=address)
        attempt("openrouter_query", query_openrouter, "?", base_url=address)
    attempt("crew_execution", execute_crew, "code_review", {"source": __file__})
    attempt("crew_execution", execute_crew, "poetry", {})
    attempt("config_snapshot", create_configuration_snapshot, folder=folder)
    attempt("crew_coordination", coordinate_crew_agents, "crew-1", [(agent, TEXT) for agent in AGENTS])
    attempt("agent_execution", execute_agent_task, "painter", TEXT)
    attempt("complex_operation", analyse_data, [len(word) for word in TEXT.split()], "user123")
    attempt("complex_operation", analyse_data, [], "user123")


@app.command()
def integration_examples(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Where the configuration snapshot goes; by default a new folder."),
    ] = None,
) -> None:
    """Run the integration examples and show what was recorded.

    Everything stays on this machine: the model that answers is a small server that the examples start themselves.
    """
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="feature-tracking-"))
    began = datetime.now(UTC).isoformat()
    with tracking_context(user_id="user123"):
        run_examples(folder, note)
    features = feature_tracker.top_features(limit=0, since=began)
    if not any(row["total_calls"] for row in features):
        note("nothing was recorded; is tracking off (FEATURE_TRACKING_ENABLED, DO_NOT_TRACK) or sampled?")
        return
    format_name = choose_format(None)
    print_rows((row for row in features if row["total_calls"]), FEATURES, format_name)
    print()  # noqa: T201 - a surface
    print_rows((record.as_dict() for record in feature_tracker.records(since=began, limit=0)), RECORDS, format_name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(app, PROGRAM, arguments)


if __name__ == "__main__":
    sys.exit(main())
