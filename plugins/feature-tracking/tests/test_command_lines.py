"""The command lines of the platform's documentation, word for word."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from http.client import HTTPConnection

import pytest

PROGRAM = """
from feature_tracking.feature_tracker import track_feature, FeatureCategory

@track_feature("my_feature", FeatureCategory.AI_PROVIDER)
def my_function(number):
    return 10 / number

@track_feature("save", FeatureCategory.FILE_OPERATION)
def save():
    pass

for number in (1, 2, 0):
    try:
        my_function(number)
    except ZeroDivisionError:
        pass
save()
"""


def run(python, line: str):
    return python(*shlex.split(line)[1:])


@pytest.fixture(autouse=True)
def _some_records(python) -> None:
    assert python("-c", PROGRAM).returncode == 0


def test_list_features_shows_the_most_used_first(python) -> None:
    finished = run(python, "python -m feature_tracking.cli list-features --limit 10")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert [line.split("\t")[0] for line in finished.stdout.splitlines()[1:]] == ["my_feature", "save"]


def test_feature_stats_counts_calls_and_failures(python) -> None:
    finished = run(python, "python -m feature_tracking.cli feature-stats my_feature --category ai_provider")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "total_calls\t3\n" in finished.stdout
    assert "failure_count\t1\n" in finished.stdout


def test_list_records_shows_every_call(python) -> None:
    finished = run(python, "python -m feature_tracking.cli list-records --limit 20")
    assert (finished.returncode, len(finished.stdout.splitlines())) == (0, 1 + 4)


def test_list_records_keeps_to_a_category(python) -> None:
    finished = run(python, "python -m feature_tracking.cli list-records --category ai_provider --limit 10")
    assert (finished.returncode, len(finished.stdout.splitlines())) == (0, 1 + 3)
    assert "save" not in finished.stdout


def test_further_options_of_curio_tracking_work_as_well(python) -> None:
    finished = run(python, "python -m feature_tracking.cli list-features --limit 1 --format json")
    assert [row["feature_name"] for row in json.loads(finished.stdout)] == ["my_feature"]


def test_unknown_category_is_a_usage_error_in_one_line(python) -> None:
    finished = run(python, "python -m feature_tracking.cli list-records --category ai_providers")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert 'unknown category "ai_providers"' in finished.stderr
    assert "Traceback" not in finished.stderr


def test_dashboard_listens_on_8081_unless_told_otherwise(python) -> None:
    finished = run(python, "python -m feature_tracking.dashboard --help")
    assert finished.returncode == 0
    assert "8081" in finished.stdout


def test_dashboard_answers_under_localhost_until_interrupted() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "feature_tracking.dashboard", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    ) as server:
        try:
            assert server.stderr is not None
            announced = re.search(r"http://127\.0\.0\.1:(\d+)", server.stderr.readline())
            assert announced is not None
            connection = HTTPConnection("localhost", int(announced[1]), timeout=180)
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert (answer.status, b"my_feature" in answer.read()) == (200, True)
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(timeout=180) in (0, 130)
