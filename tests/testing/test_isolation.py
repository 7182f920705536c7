"""No test writes to the developer's store, and no test sees what another one did; the tests lie in `examples`."""

from __future__ import annotations

import pytest
from pytest_runs import Finished, Start, names_of

EXPORTER = """
from pathlib import Path
from curio_tracking import hookimpl

class Sender:
    def export(self, records):
        Path("sent").touch()
    def close(self):
        pass

@hookimpl
def curio_register_exporters(register):
    register("sender", lambda settings: Sender())
"""
PROJECT = """
[tool.curio-tracking]
app = "mine"
backend = "csv"
data_dir = "elsewhere"
plugins_dir = "plugins"
"""

CHOOSING = """
import os
from pathlib import Path
import pytest

CHOSEN = Path(__file__).parent / "chosen"
os.environ["FEATURE_TRACKING_DATA_DIR"] = str(CHOSEN)

@pytest.fixture
def chosen():
    return CHOSEN
"""


@pytest.fixture(scope="module")
def finished(start: Start) -> Finished:
    """Return the run of all examples."""
    files = {"pyproject.toml": PROJECT, "plugins/sender.py": EXPORTER}
    return start("isolation.py", "-p", "no:xdist", files=files)


@pytest.mark.parametrize("name", names_of("isolation.py"))
def test_isolation(finished: Finished, name: str) -> None:
    assert finished.outcomes.get(name) == "passed", finished.output


def test_no_call_reaches_the_real_store(finished: Finished) -> None:
    assert finished.code == 0, finished.output
    assert not finished.store.exists()


def test_nothing_is_left_in_the_temporary_directory(finished: Finished) -> None:
    assert [path.name for path in finished.scratch.iterdir() if path.name.startswith("curio-tracking")] == []


@pytest.fixture(scope="module")
def unisolated(start: Start) -> Finished:
    """Return a run with the isolation turned off."""
    return start("without_isolation.py", "-p", "no:xdist", "-o", "curio_tracking_isolation=false")


@pytest.mark.parametrize("name", names_of("without_isolation.py"))
def test_isolation_turned_off(unisolated: Finished, name: str) -> None:
    assert unisolated.outcomes.get(name) == "passed", unisolated.output


@pytest.fixture(scope="module")
def chosen(start: Start) -> Finished:
    """Return a run of a project whose conftest has chosen one store for all tests."""
    return start("chosen_store.py", "-p", "no:xdist", files={"conftest.py": CHOOSING})


@pytest.mark.parametrize("name", names_of("chosen_store.py"))
def test_store_that_the_project_has_chosen(chosen: Finished, name: str) -> None:
    assert chosen.outcomes.get(name) == "passed", chosen.output


def test_run_inside_a_test_leaves_everything_as_it_was(start: Start) -> None:
    done = start("run_in_a_process.py", "-p", "no:xdist")
    assert done.outcomes == {"test_run_inside_a_test_leaves_everything_as_it_was": "passed"}, done.output
