"""`pytest --feature-usage`: what the tests of a run used, over all its processes, and what none of them did."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_runs import Finished, Start

HARDLY_ANYTHING = {
    "FEATURE_TRACKING_ENABLED": "false",
    "FEATURE_TRACKING_SAMPLE_RATE": "0.001",
    "FEATURE_TRACKING_RETENTION_DAYS": "1",
}
ARCHIVE = "[red]archive\x1b[31m"
OPTIONS = {
    "one process": ("-p", "no:xdist"),
    "two workers": ("-n", "2"),
}


@pytest.fixture(scope="module", params=OPTIONS)
def finished(request: pytest.FixtureRequest, start: Start) -> Finished:
    """Return a run that shows and writes the usage; in one process, and spread over two."""
    options = ("--feature-usage", "--feature-usage-json=usage.json")
    return start("usage.py", *OPTIONS[request.param], *options)


def rows(finished: Finished) -> dict[str, dict[str, Any]]:
    """Return the rows of the JSON file by feature."""
    return {row["feature_name"]: row for row in json.loads((finished.folder / "usage.json").read_text())}


def test_tests_pass_as_they_do_without(finished: Finished) -> None:
    assert finished.code == 0, finished.output


def test_calls_of_all_processes_are_counted(finished: Finished) -> None:
    assert {name: row["total_calls"] for name, row in rows(finished).items()} == {
        "parse": 11,  # two each in five tests, one in a process that a test has started
        "load": 1,
        ARCHIVE: 1,
        "export_pdf": 0,
    }


def test_tests_that_used_a_feature_are_counted(finished: Finished) -> None:
    tests = {name: row["tests"] for name, row in rows(finished).items()}
    assert tests == {"parse": 5, "load": 1, ARCHIVE: 1, "export_pdf": 0}


def test_failures_are_counted(finished: Finished) -> None:
    assert (rows(finished)["load"]["failure_count"], rows(finished)["load"]["success_rate"]) == (1, 0.0)


def test_duration_is_that_of_the_tests_clock(finished: Finished) -> None:
    assert rows(finished)[ARCHIVE]["avg_duration"] == 2.5


def test_table_has_the_columns_of_the_command_line(finished: Finished) -> None:
    headings = ["Feature", "Category", "Calls", "Success", "Failures", "Average", "95", "%", "below", "Tests"]
    assert [line.split() for line in finished.output.splitlines() if line.startswith("Feature ")] == [headings]


def test_most_used_feature_comes_first_and_the_unused_one_last(finished: Finished) -> None:
    table = finished.output[finished.output.index("= feature usage =") :].splitlines()[3:7]
    assert [line.split()[0] for line in table] == ["parse", r"[red]archive\x1b[31m", "load", "export_pdf"]


def test_features_that_no_test_called_are_named(finished: Finished) -> None:
    assert "never called in this run (1 of 4): export_pdf" in finished.output


def test_control_characters_of_a_name_reach_no_terminal(finished: Finished) -> None:
    assert "\x1b[31m" not in finished.output


def test_nothing_is_written_to_the_real_store(finished: Finished) -> None:
    assert not finished.store.exists()


def test_nothing_is_left_in_the_temporary_directory(finished: Finished) -> None:
    assert [path.name for path in finished.scratch.iterdir() if path.name.startswith("curio-tracking")] == []


@pytest.fixture(scope="module")
def reluctant(start: Start) -> Finished:
    """Return a run in an environment that records hardly anything."""
    return start("usage.py", "-p", "no:xdist", "--feature-usage-json=usage.json", variables=HARDLY_ANYTHING)


def test_environment_that_records_little_changes_nothing(reluctant: Finished) -> None:
    assert rows(reluctant)["parse"]["total_calls"] == 10  # the process that a test has started obeys the environment


def test_json_alone_prints_no_table(reluctant: Finished) -> None:
    assert "feature usage" not in reluctant.output


@pytest.mark.parametrize("option", ["no:xdist", "xdist"])
def test_features_are_known_although_no_test_called_any(start: Start, option: str) -> None:
    workers = ("-n", "1") if option == "xdist" else ()
    done = start("nothing_called.py", "-p", option, *workers, "--feature-usage")
    assert "never called in this run (3 of 3): export_pdf, load, parse" in done.output


def test_run_without_any_feature_says_why_there_is_none(start: Start) -> None:
    done = start("nothing_called.py", "-p", "no:xdist", "--feature-usage", files={"app.py": ""})
    assert "no tracked features: a feature is known once the module that defines it is imported" in done.output


def test_usage_without_isolation_is_refused(start: Start) -> None:
    done = start("usage.py", "--feature-usage", "-o", "curio_tracking_isolation=false")
    assert (done.code, "--feature-usage needs curio_tracking_isolation = true" in done.output) == (4, True)


def test_file_that_cannot_be_written_is_said_and_fails_nothing(start: Start) -> None:
    done = start("nothing_called.py", "-p", "no:xdist", "--feature-usage-json=no/such/folder.json")
    message = f"cannot write the feature usage to {done.folder}/no/such/folder.json: No such file or directory"
    assert (done.code, message in done.output) == (0, True)


def test_usage_that_cannot_be_shown_is_said_and_fails_nothing(start: Start) -> None:
    spoiler = "import sys\nsys.modules['curio_tracking.testing.pytest_plugin.usage_table'] = None\n"
    done = start("nothing_called.py", "-p", "no:xdist", "--feature-usage", files={"conftest.py": spoiler})
    assert (done.code, "cannot show the feature usage: ModuleNotFoundError: " in done.output) == (0, True)
