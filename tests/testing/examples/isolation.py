"""Run in this order, in one process, with a project's settings and an exporter; see test_isolation.py.

Of a pair of tests the first does something, the second must not notice.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from app import feature_tracker, parse, records

from curio_tracking import track_feature, tracking_context

parse()  # while the module is imported
atexit.register(lambda: (parse(), feature_tracker.flush(60)))  # after the run
CALL = [sys.executable, "-c", "from app import *; parse(); assert feature_tracker.flush(60)"]
LIST = [sys.executable, "-m", "curio_tracking", "list-records", "--format", "json"]


def test_calls_are_seen_by_the_test_that_made_them():
    parse()
    assert len(records()) == 1


def test_records_of_the_test_before_are_not_seen():
    assert records() == []


def test_failures_of_our_own_are_counted():
    feature_tracker.complete_custom_tracking("never begun")
    assert feature_tracker.health()["errors"] == {"unknown_record_id": 1}


def test_health_of_the_test_before_is_not_seen():
    health = feature_tracker.health()
    assert (health["recorded"], health["errors"]) == (0, {})


def test_context_is_entered_and_never_left():
    tracking_context(plan="pro").__enter__()
    parse()
    assert records()[0].metadata["plan"] == "pro"


def test_context_of_the_test_before_is_gone():
    parse()
    assert "plan" not in records()[0].metadata


@pytest.fixture(scope="module")
def wide_context():
    with tracking_context(tenant="t1"):
        yield


def test_context_of_a_wider_fixture_holds(wide_context):
    parse()
    assert records()[0].metadata["tenant"] == "t1"


def test_context_of_a_wider_fixture_holds_for_the_next_test_too(wide_context):
    parse()
    assert records()[0].metadata["tenant"] == "t1"


def test_tracking_is_configured_off():
    feature_tracker.configure(enabled=False)
    parse()
    assert records() == []


def test_settings_of_the_test_before_are_gone():
    parse()
    assert len(records()) == 1


def test_store_that_a_test_configures_is_used(tmp_path):
    feature_tracker.configure(backend="csv", data_dir=tmp_path)
    parse()
    assert len(records()) == 1
    assert list(tmp_path.rglob("*.csv"))


def test_store_that_a_test_names_in_the_environment_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "csv")
    parse()
    assert len(records()) == 1
    assert list(tmp_path.rglob("*.csv"))


def test_store_of_the_test_before_is_not_used_any_more(tmp_path):
    parse()
    assert len(records()) == 1


def test_removing_all_variables_does_not_end_the_isolation(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("FEATURE_TRACKING_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    parse()
    assert len(records()) == 1
    assert list(tmp_path.iterdir()) == []


may_end, has_begun = threading.Event(), threading.Event()


@track_feature("slow")
def slow():
    has_begun.set()
    may_end.wait()


thread = threading.Thread(target=slow)


def test_call_of_a_thread_begins():
    thread.start()
    assert has_begun.wait(180)


def test_call_that_began_in_the_test_before_is_left_out():
    may_end.set()
    thread.join()
    parse()
    assert [record.feature_name for record in records()] == ["parse"]


def test_tracker_is_closed():
    parse()
    feature_tracker.close()
    parse()
    assert feature_tracker.health()["dropped"] == {"overflow": 1}


def test_tracker_that_the_test_before_has_closed_works():
    parse()
    assert len(records()) == 1


manual = []


def test_manual_tracking_begins():
    manual.append(feature_tracker.start_custom_tracking("import"))


def test_manual_tracking_of_the_test_before_can_be_completed_but_is_not_this_tests():
    feature_tracker.complete_custom_tracking(manual.pop())
    assert (records(), feature_tracker.health()["errors"]) == ([], {})


def test_settings_of_the_project_hold():
    parse()
    assert records()[0].app == "mine"


def test_store_of_the_project_is_not_used():
    parse()
    assert records()
    assert not Path("elsewhere").exists()


def test_exporters_are_not_told():
    parse()
    assert records()
    assert not Path("sent").exists()


def test_forked_child_keeps_its_records_to_itself():
    parse()
    child = os.fork()
    if not child:
        parse()
        os._exit(0 if len(records()) == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(records()) == 1


def test_command_line_sees_the_processes_of_its_test():
    subprocess.run(CALL, check=True)
    assert len(json.loads(subprocess.check_output(LIST))) == 1


def test_command_line_does_not_see_the_processes_of_the_test_before():
    subprocess.run(CALL, check=True)
    assert len(json.loads(subprocess.check_output(LIST))) == 1


def test_threads_of_the_writer_do_not_pile_up():
    parse()
    assert records()
    assert sum(thread.name == "curio-tracking-writer" for thread in threading.enumerate()) == 1
