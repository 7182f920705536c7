"""The exporter in real applications: programs of their own that track, fork, serve and end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CALLS = "curio_tracking_calls_total"
SUCCESS = frozenset({("feature", "work"), ("category", "other"), ("status", "success")})
TRACKED = """
import os, sys
from curio_tracking import feature_tracker, track_feature

@track_feature("work")
def work():
    pass

def expose():
    from prometheus_client import generate_latest
    assert feature_tracker.flush(60)
    return generate_latest().decode()
"""


def test_application_that_exposes_metrics_exposes_these(python: Any, parse: Any) -> None:
    finished = python(TRACKED + "work(); work(); print(expose())")
    assert parse(finished.stdout)[CALLS, SUCCESS] == 2


def test_nothing_is_printed_and_nothing_listens(python: Any) -> None:
    finished = python(
        TRACKED
        + "work(); expose()\n"
        + "print([line.split()[3] for line in open('/proc/self/net/tcp').readlines()[1:] "
        + "if line.split()[9] in {str(os.stat(f'/proc/self/fd/{fd}').st_ino) for fd in os.listdir('/proc/self/fd') "
        + "if os.path.exists(f'/proc/self/fd/{fd}')}])"
    )
    assert (finished.stdout, finished.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    "variables", [{"FEATURE_TRACKING_PROMETHEUS__EXPORTER": "false"}, {"FEATURE_TRACKING_ENABLED": "false"}]
)
def test_exporter_that_is_switched_off_imports_no_client_library(python: Any, variables: dict[str, str]) -> None:
    finished = python(
        TRACKED + "work(); feature_tracker.flush(60); print('prometheus_client' in sys.modules)", **variables
    )
    assert finished.stdout == "False\n"


def test_configuring_again_and_a_second_tracker_count_on(python: Any, parse: Any) -> None:
    finished = python(
        TRACKED
        + """
from curio_tracking import FeatureTracker
work()
feature_tracker.configure(flush_interval=1)
work()
other = FeatureTracker(data_dir=sys.argv[1])
other.track_feature("work")(lambda: None)()
assert other.flush(60)
other.close()
work()
print(expose())
""",
        "second",
    )
    assert finished.stderr == ""
    assert parse(finished.stdout)[CALLS, SUCCESS] == 4


def test_sampled_executions_count_as_many_as_there_were(python: Any, parse: Any) -> None:
    finished = python(TRACKED + "for _ in range(4000): work()\nprint(expose())", FEATURE_TRACKING_SAMPLE_RATE="0.5")
    assert parse(finished.stdout)[CALLS, SUCCESS] == pytest.approx(4000, rel=0.2)


def test_folded_executions_count_as_many_as_there_were(python: Any, parse: Any) -> None:
    finished = python(TRACKED + "for _ in range(20000): work()\nprint(expose())", FEATURE_TRACKING_QUEUE_SIZE="10")
    assert parse(finished.stdout)[CALLS, SUCCESS] == 20_000


def test_excluded_feature_is_not_exposed(python: Any) -> None:
    finished = python(TRACKED + "work(); print(expose())", FEATURE_TRACKING_EXCLUDE="work")
    assert "work" not in finished.stdout


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"FEATURE_TRACKING_PROMETHEUS__PORT": "http"}, "FEATURE_TRACKING_PROMETHEUS__PORT"),
        ({"PROMETHEUS_MULTIPROC_DIR": "/nowhere"}, "PROMETHEUS_MULTIPROC_DIR"),
    ],
)
def test_exporter_that_cannot_be_made_is_one_warning_and_the_records_are_written(
    python: Any, variables: dict[str, str], words: str
) -> None:
    finished = python(
        TRACKED + "work(); feature_tracker.flush(60); print(feature_tracker.health()['written'])", **variables
    )
    assert finished.stdout == "1\n"
    assert [words in line for line in finished.stderr.splitlines()] == [True]


def test_metric_of_the_application_under_our_name_is_one_warning(python: Any) -> None:
    finished = python(
        TRACKED
        + "from prometheus_client import Counter\n"
        + "Counter('curio_tracking_calls', 'Theirs.').inc(7); work(); print(expose())"
    )
    assert "\ncurio_tracking_calls_total 7.0\n" in finished.stdout
    assert len(finished.stderr.splitlines()) == 1


# -- several processes ------------------------------------------------------------------------------------------------

FORKS = """
for _ in range(3): work()
before = expose()
read, write = os.pipe()
if os.fork() == 0:
    for _ in range(5): work()
    os.write(write, expose().encode())
    os._exit(0)
os.close(write)
os.wait()
work()
import json
print(json.dumps({"child": os.fdopen(read).read(), "parent": expose()}))
"""


def test_forked_process_shows_what_it_executed_itself(python: Any, parse: Any) -> None:
    found = json.loads(python(TRACKED + FORKS).stdout)
    assert {name: parse(text)[CALLS, SUCCESS] for name, text in found.items()} == {"child": 5, "parent": 4}


def test_fork_during_a_scrape_does_not_stop_counting_in_the_child(python: Any) -> None:
    finished = python(
        TRACKED
        + """
import threading
from prometheus_client import REGISTRY
work(); expose()
metrics = REGISTRY._names_to_collectors["curio_tracking_calls"]
# what a scrape holds for some microseconds: a fork at that moment leaves it locked for good in the child
locks = [metrics._series._calls._lock, *(child._value._lock for child in metrics._series._calls._metrics.values())]
for lock in locks: lock.acquire()
if os.fork() == 0:
    work()
    print(feature_tracker.flush(60), flush=True)
    os._exit(0)
for lock in locks: lock.release()
os.wait()
"""
    )
    assert finished.stdout == "True\n"


WORKERS = """
work()
for number in range(4):
    if os.fork() == 0:
        for _ in range(10 * (number + 1)): work()
        sys.exit()
for _ in range(4): os.wait()
work()
feature_tracker.flush(60)
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""


def test_processes_of_a_forking_server_add_up_in_multi_process_mode(
    python: Any, parse: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "values").mkdir()
    samples = parse(python(TRACKED + WORKERS, PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "values")).stdout)
    labels = frozenset({("feature", "work"), ("category", "other")})
    assert samples[CALLS, SUCCESS] == 102
    assert samples["curio_tracking_call_duration_seconds_count", labels] == 102
    assert (
        os.stat(tmp_path / "data").st_mtime + 60 > samples["curio_tracking_last_call_timestamp_seconds", labels] > 1e9
    )
