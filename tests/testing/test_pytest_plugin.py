"""The plugin is loaded by every run of pytest in the environment: it is light, silent, and can be left out."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_runs import Finished, Start

HEAVY = ("pydantic", "hypothesis", "typer", "rich", "tinyflux", "curio_tracking.tracker")
NOTHING = "def test_nothing(): pass\n"
LOOKS = """
import sys
def test_nothing(): pass
def test_no_heavy_module_was_imported():
    heavy = ("pydantic", "typer", "rich", "tinyflux", "curio_tracking.tracker", "curio_tracking.runtime")
    assert [name for name in heavy if name in sys.modules] == []
"""


def without_times(finished: Finished) -> list[str]:
    """Return the lines that a run printed, but for those that differ from run to run."""
    lines = finished.output.splitlines()
    return [line.partition(" in ")[0] for line in lines if not line.startswith(("rootdir:", "plugins:"))]


def run_of(start: Start, text: str, *options: str, **more: dict[str, str]) -> Finished:
    return start("nothing_called.py", *options, files={"app.py": "", "test_app.py": text}, **more)


def test_importing_the_plugin_imports_nothing_of_weight() -> None:
    code = f"import sys, pytest, curio_tracking.testing.pytest_plugin; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_run_that_tracks_nothing_imports_nothing_of_weight(start: Start) -> None:
    done = run_of(start, LOOKS, "-p", "no:xdist", "-p", "no:hypothesispytest")
    assert done.outcomes["test_no_heavy_module_was_imported"] == "passed", done.output


def test_run_that_tracks_nothing_prints_nothing_more(start: Start) -> None:
    quiet = ("-p", "no:xdist", "-p", "no:hypothesispytest")
    with_plugin = run_of(start, NOTHING, *quiet)
    without = run_of(start, NOTHING, *quiet, "-p", "no:curio_tracking")
    assert without_times(with_plugin) == without_times(without)


def test_run_that_tracks_nothing_creates_nothing(start: Start) -> None:
    done = run_of(start, NOTHING, "-p", "no:xdist")
    assert [path.name for path in done.scratch.iterdir() if "curio" in path.name] == []


def test_plugin_can_be_left_out(start: Start) -> None:
    done = start("without_isolation.py", "-p", "no:curio_tracking", "-p", "no:xdist", "-k", "real_store and not again")
    assert (done.outcomes, done.store.exists()) == ({"test_calls_are_written_to_the_real_store": "passed"}, True)


def test_plugin_can_be_named_where_plugins_are_not_loaded_by_themselves(start: Start) -> None:
    variables = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = run_of(
        start, "def test_it(tracked): assert len(tracked) == 0\n", "-p", "curio_tracking", variables=variables
    )
    assert done.outcomes == {"test_it": "passed"}, done.output


def test_marker_and_setting_are_registered(start: Start) -> None:
    text = "import pytest\n@pytest.mark.curio_tracking(app='x')\ndef test_it(): pass\n"
    setting = {
        "files": {"app.py": "", "test_app.py": text, "pytest.ini": "[pytest]\ncurio_tracking_isolation = true\n"}
    }
    done = start("nothing_called.py", "-p", "no:xdist", "--strict-config", "--strict-markers", **setting)
    assert done.outcomes == {"test_it": "passed"}, done.output


def test_options_are_explained(start: Start) -> None:
    done = run_of(start, NOTHING, "--help")
    assert all(name in done.output for name in ("--feature-usage ", "--feature-usage-json=PATH", "curio_tracking_isol"))


@pytest.mark.parametrize("warnings", ["-Werror", "-Wdefault"])
def test_setting_that_cannot_be_used_fails_no_test(start: Start, warnings: str) -> None:
    variables = {"FEATURE_TRACKING_FLUSH_INTERVAL": "many"}
    text = "def test_it(tracked): assert len(tracked) == 0\n"
    done = run_of(start, text, "-p", "no:xdist", warnings, variables=variables)
    assert done.outcomes == {"test_it": "passed"}, done.output


def test_failure_is_shown_where_the_test_asked(start: Start) -> None:
    done = run_of(start, "def test_it(tracked): tracked.one('parse')\n", "-p", "no:xdist")
    assert ("test_app.py:1: AssertionError" in done.output, "tracked.py" in done.output) == (True, False), done.output
