"""Health files: what one process can know of another, and what is in the files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting import wait_until

from curio_tracking.health import HEALTH_FIELDS, PROCESS_FIELDS
from curio_tracking.health_files import LONGEST_TEXT, MOST_FILES, HealthFile
from curio_tracking.processes import known_processes
from curio_tracking.records import iso_time, to_microseconds

HOST = """
import os, sys, time
from curio_tracking import feature_tracker, track_feature

@track_feature("secret_recipe")
def work(password):
    if password == "hunter2":
        raise ValueError("the password was hunter2")

for password in ("a", "b", "hunter2"):
    try:
        work(password)
    except ValueError:
        pass
assert feature_tracker.flush(60)
"""


class Hosts:
    """Programs that track into one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._started: list[subprocess.Popen[str]] = []

    def start(self, body: str, **settings: str) -> subprocess.Popen[str]:
        """Start a program and return it once it has said something."""
        environment = {
            **os.environ,
            "FEATURE_TRACKING_DATA_DIR": str(self.data_dir),
            **{f"FEATURE_TRACKING_{name}": value for name, value in settings.items()},
        }
        host = subprocess.Popen(
            [sys.executable, "-c", HOST + body + "\nprint('said', flush=True)\nsys.stdin.read()"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._started.append(host)
        assert host.stdout is not None
        assert host.stdout.readline() == "said\n"
        return host

    def end(self, host: subprocess.Popen[str]) -> None:
        """Let a program end by itself."""
        host.communicate("", timeout=180)

    def stop(self) -> None:
        for host in self._started:
            host.kill()
            host.communicate()


@pytest.fixture
def hosts(data_dir: Path) -> Iterator[Hosts]:
    """Return what starts programs; they are killed at the end of the test."""
    made = Hosts(data_dir)
    yield made
    made.stop()


def states(data_dir: Path) -> list[str]:
    return [process["state"] for process in known_processes(data_dir)]


def calls(data_dir: Path) -> list[tuple[str, int, int]]:
    """Return the states with the calls recorded and written: the first batch may hold the first of them alone."""
    return sorted((one["state"], one["recorded"], one["written"]) for one in known_processes(data_dir))


def files(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "health").glob("*.json"))


def test_directory_that_does_not_exist_has_no_processes(data_dir: Path) -> None:
    assert known_processes(data_dir) == []
    assert not data_dir.exists()


@pytest.mark.parametrize("backend", ["tinyflux", "csv"])
def test_running_process_is_seen_with_its_counters(hosts: Hosts, backend: str) -> None:
    host = hosts.start("", BACKEND=backend, APP="shop", VERSION="1.2")
    wait_until(lambda: calls(hosts.data_dir) == [("running", 3, 3)])
    found = known_processes(hosts.data_dir)[0]
    assert list(found) == [*PROCESS_FIELDS, *HEALTH_FIELDS]
    assert (found["process_id"], found["backend"], found["app"], found["version"]) == (host.pid, backend, "shop", "1.2")
    assert (found["recorded"], found["written"], found["dropped"], found["pending"]) == (3, 3, {}, 0)


def test_process_that_ended_is_shown_as_ended_with_its_last_counters(hosts: Hosts) -> None:
    hosts.end(hosts.start("work('d')"))
    found = known_processes(hosts.data_dir)
    assert [(process["state"], process["written"]) for process in found] == [("ended", 4)]


def test_process_that_was_killed_is_shown_as_killed(hosts: Hosts) -> None:
    host = hosts.start("")
    wait_until(lambda: states(hosts.data_dir) == ["running"])
    host.kill()
    host.wait()
    assert states(hosts.data_dir) == ["killed"]


def test_processes_are_told_apart(hosts: Hosts) -> None:
    hosts.end(hosts.start("work('d')"))
    host = hosts.start("")
    wait_until(lambda: calls(hosts.data_dir) == [("ended", 4, 4), ("running", 3, 3)])
    host.kill()
    host.wait()
    assert calls(hosts.data_dir) == [("ended", 4, 4), ("killed", 3, 3)]


def test_parent_that_was_killed_does_not_live_on_in_its_child(hosts: Hosts) -> None:
    host = hosts.start(
        "import glob\n"
        "while not glob.glob(os.environ['FEATURE_TRACKING_DATA_DIR'] + '/health/*.json'): time.sleep(0.01)\n"
        "if not os.fork():\n    os.close(1)\n    sys.stdin.read()\n    os._exit(0)\n"
    )
    host.kill()
    host.wait()
    wait_until(lambda: states(hosts.data_dir) == ["killed"])


def test_forked_child_tells_of_itself(hosts: Hosts) -> None:
    host = hosts.start(
        "child = os.fork()\nif not child:\n    work('in the child')\n    sys.exit()\nos.waitpid(child, 0)\n"
    )
    wait_until(lambda: calls(hosts.data_dir) == [("ended", 1, 1), ("paused", 3, 3)])
    counts = {process["process_id"] == host.pid: process["recorded"] for process in known_processes(hosts.data_dir)}
    assert counts == {True: 3, False: 1}


def test_process_that_has_forked_and_tracks_nothing_more_is_not_silent(hosts: Hosts) -> None:
    host = hosts.start("if not os.fork():\n    os.close(1)\n    sys.stdin.read()\n    os._exit(0)\n")
    assert calls(hosts.data_dir) == [("paused", 3, 3)]
    before = time.time() - 3600
    os.utime(files(hosts.data_dir)[0], (before, before))
    assert states(hosts.data_dir) == ["paused"]
    host.kill()
    host.wait()
    wait_until(lambda: states(hosts.data_dir) == ["killed"])


def test_process_that_goes_on_after_a_fork_ends_as_any_other(hosts: Hosts) -> None:
    hosts.end(hosts.start("if not os.fork():\n    os._exit(0)\nos.wait()\nwork('d')"))
    assert calls(hosts.data_dir) == [("ended", 4, 4)]


def test_process_whose_writer_was_not_heard_of_is_silent(hosts: Hosts) -> None:
    host = hosts.start("")
    wait_until(lambda: states(hosts.data_dir) == ["running"])
    host.send_signal(signal.SIGSTOP)
    before = time.time() - 3600
    os.utime(files(hosts.data_dir)[0], (before, before))
    assert states(hosts.data_dir) == ["silent"]


@pytest.mark.parametrize("ahead", [3600, -3600], ids=["back", "forward"])
def test_process_that_was_last_heard_of_before_the_clock_was_set_is_silent(hosts: Hosts, ahead: float) -> None:
    host = hosts.start("")
    wait_until(lambda: states(hosts.data_dir) == ["running"])
    host.send_signal(signal.SIGSTOP)
    then = time.time() + ahead
    os.utime(files(hosts.data_dir)[0], (then, then))
    assert states(hosts.data_dir) == ["silent"]


def test_process_is_heard_of_when_it_last_said_so_though_the_clock_was_set_back_in_between(hosts: Hosts) -> None:
    host = hosts.start("")
    wait_until(lambda: states(hosts.data_dir) == ["running"])
    host.send_signal(signal.SIGSTOP)  # or it may say so again meanwhile
    os.utime(files(hosts.data_dir)[0], (1_700_000_000, 1_700_000_000))
    (process,) = known_processes(hosts.data_dir)
    assert process["updated"] == "2023-11-14T22:13:20.000000Z"


def test_writer_that_sleeps_for_long_by_its_settings_is_not_silent(hosts: Hosts) -> None:
    hosts.start("", FLUSH_SECONDS="3600")
    wait_until(lambda: states(hosts.data_dir) == ["running"])
    before = time.time() - 3600
    os.utime(files(hosts.data_dir)[0], (before, before))
    (process,) = known_processes(hosts.data_dir)
    assert (process["state"], process["flush_seconds"]) == ("running", 3600)


def test_files_are_private_whatever_the_umask(hosts: Hosts) -> None:
    hosts.end(hosts.start("", BACKEND="csv"))
    folder = hosts.data_dir / "health"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


def test_nothing_of_a_record_is_in_a_file(hosts: Hosts) -> None:
    hosts.end(hosts.start(""))
    text = files(hosts.data_dir)[0].read_text()
    assert not any(word in text for word in ("hunter2", "secret_recipe", "password", "ValueError"))


def test_backend_that_serves_one_process_leaves_no_file(hosts: Hosts) -> None:
    hosts.end(hosts.start("", BACKEND="memory"))
    assert not (hosts.data_dir / "health").exists()


def test_tracking_that_is_off_leaves_no_file(data_dir: Path) -> None:
    environment = {**os.environ, "FEATURE_TRACKING_DATA_DIR": str(data_dir), "DO_NOT_TRACK": "1"}
    subprocess.run([sys.executable, "-c", HOST], env=environment, check=True, timeout=180)
    assert not data_dir.exists()


def test_change_of_settings_leaves_one_file_of_a_tracker(make_tracker: Any, data_dir: Path) -> None:
    tracker = make_tracker(backend="csv")
    function = tracker.track_feature("f")(lambda: None)
    function()
    assert tracker.flush(60)
    tracker.configure(app="shop")
    function()
    tracker.close()
    assert [(found["app"], found["written"]) for found in known_processes(data_dir)] == [("shop", 2)]


def test_directory_that_cannot_be_written_costs_no_record_and_is_counted(make_tracker: Any, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    (data_dir / "health").write_text("in the way")
    tracker = make_tracker(backend="csv")
    tracker.track_feature("f")(lambda: None)()
    tracker.close(180)
    health = tracker.health()
    # before the first batch, after it, and at the end
    assert (health["written"], health["errors"]) == (1, {"health file": 3})


# -- many files -----------------------------------------------------------------------------------------------------


def health_file(data_dir: Path, retention_days: int = 90) -> HealthFile:
    about = dict.fromkeys(("app", "version", "environment", "backend"), "x" * 1000)
    return HealthFile(data_dir, about, retention_days=retention_days, flush_seconds=1.0)


def ended(data_dir: Path, age_days: float = 0.0) -> None:
    """Leave the file of a process that is gone."""
    before = set(files(data_dir))
    file = health_file(data_dir)
    file.write({"state": "ended"})
    file.close()
    then = time.time() - age_days * 86_400
    os.utime((set(files(data_dir)) - before).pop(), (then, then))


def test_files_of_the_hundred_last_processes_are_kept(data_dir: Path) -> None:
    for number in range(MOST_FILES + 20):
        ended(data_dir, age_days=1 - number / 1000)
    assert len(files(data_dir)) == MOST_FILES


def test_files_go_with_retention(data_dir: Path) -> None:
    ended(data_dir, age_days=3)
    ended(data_dir, age_days=1)
    health_file(data_dir, retention_days=2).write({})
    assert len(files(data_dir)) == 2
    ended(data_dir, age_days=4000)
    health_file(data_dir, retention_days=0).write({})
    assert len(files(data_dir)) == 4


def test_file_of_a_process_that_lives_is_kept_whatever_its_age(data_dir: Path) -> None:
    alive = health_file(data_dir)
    alive.write({"state": "running"})
    os.utime(files(data_dir)[0], (0, 0))
    health_file(data_dir, retention_days=1).write({})
    assert len(files(data_dir)) == 2
    alive.close()


def test_half_written_file_of_a_killed_process_goes(data_dir: Path) -> None:
    ended(data_dir)
    half = data_dir / "health" / ".host-1-abc.json.tmp"
    half.write_text("{")
    os.utime(half, (0, 0))
    assert len(known_processes(data_dir)) == 1
    health_file(data_dir).write({})
    assert not half.exists()


def test_file_is_bounded_whatever_parts_are_called(data_dir: Path) -> None:
    file = health_file(data_dir)
    file.write({"state": "running", "errors": {f"exporter {number} {'x' * 5000}": 1 for number in range(5000)}})
    assert files(data_dir)[0].stat().st_size < 40_000
    found = known_processes(data_dir)[0]
    assert (len(found["app"]), len(found["errors"])) == (LONGEST_TEXT, 64)
    file.close()


def test_times_have_the_one_form_of_every_surface(data_dir: Path) -> None:
    ended(data_dir, age_days=2)
    ended(data_dir)
    for process in known_processes(data_dir):
        for name in ("started", "updated"):
            assert iso_time(to_microseconds(datetime.fromisoformat(process[name]))) == process[name]


# -- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\x00", b"[" * 60_000, b'"text"', b"7"])
def test_file_that_makes_no_sense_is_left_out(data_dir: Path, content: bytes) -> None:
    ended(data_dir)
    (data_dir / "health" / "broken.json").write_bytes(content)
    assert states(data_dir) == ["ended"]


@pytest.mark.parametrize("modified_ns", [10**21, -(10**21)])
def test_file_of_a_time_that_no_datetime_has_is_left_out(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, modified_ns: int
) -> None:
    def status_of(file: int) -> SimpleNamespace:
        return SimpleNamespace(st_mode=real(file).st_mode, st_mtime_ns=modified_ns)

    real = os.fstat
    ended(data_dir)
    # not every file system takes such times from utime
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", status_of)
        assert known_processes(data_dir) == []
    assert states(data_dir) == ["ended"]


def test_symbolic_link_is_not_followed(data_dir: Path, tmp_path: Path) -> None:
    ended(data_dir)
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps({"state": "running", "recorded": 7}))
    (data_dir / "health" / "link.json").symlink_to(outside)
    assert states(data_dir) == ["ended"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(values=st.dictionaries(st.sampled_from([*PROCESS_FIELDS, *HEALTH_FIELDS]), json_values))
def test_whatever_is_in_a_file_the_answer_has_the_kinds_of_the_vocabulary(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    data_dir = tmp_path_factory.mktemp("data")
    (data_dir / "health").mkdir()
    (data_dir / "health" / "any.json").write_text(json.dumps(values))
    found = known_processes(data_dir)[0]
    assert list(found) == [*PROCESS_FIELDS, *HEALTH_FIELDS]
    assert all(type(count) is int for key in ("dropped", "errors") for count in found[key].values())
    assert type(found["state"]) is str
    assert found["recorded"] is None or type(found["recorded"]) in (int, float)


def test_directory_that_comes_back_is_written_to_again(data_dir: Path) -> None:
    file = health_file(data_dir)
    file.write({"state": "running"})
    shutil.rmtree(data_dir)
    file.write({"state": "running"})
    assert states(data_dir) == ["running"]
    file.close()
