"""A part that hangs for good: the host works on, and ends when EXIT_TIMEOUT is over, with its own status and output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from slow_imports import without_slow_imports

from curio_tracking.processes import known_processes

PARTS = (
    *("backend.append", "backend.close", "exporter.export", "exporter.close"),
    *("filter", "startup", "shutdown", "log_handler"),
)
PLUGIN = """
import logging, os, threading
from curio_tracking import hookimpl
from curio_tracking.interfaces import BaseBackend

HUNG = os.environ["HUNG"]

def part(name):
    if name == HUNG:
        threading.Event().wait()

class Backend(BaseBackend):
    def append(self, records):
        part("backend.append")
        if HUNG == "log_handler":
            raise OSError("refused")
    def records(self, query): return iter(())
    def delete(self, query): return 0
    def close(self): part("backend.close")

class Exporter:
    def export(self, records): part("exporter.export")
    def close(self): part("exporter.close")

class Filter:
    def apply(self, record):
        part("filter")
        return record

class Handler(logging.Handler):
    def emit(self, record):
        if HUNG == "log_handler":
            logging.held_by_host.acquire()

logging.getLogger("curio_tracking").addHandler(Handler())

@hookimpl
def curio_register_backends(register): register("hung", lambda settings: Backend())
@hookimpl
def curio_register_exporters(register): register("hung", lambda settings: Exporter())
@hookimpl
def curio_register_filters(register): register("hung", lambda settings: Filter())
@hookimpl
def curio_startup(tracker): part("startup")
@hookimpl
def curio_shutdown(tracker): part("shutdown")
"""
HOST = """
import logging, os, signal, sys, threading, time
from curio_tracking import feature_tracker, track_feature, FeatureTracker

@track_feature("work")
def work(number):
    return number

logging.held_by_host = threading.Lock()
logging.held_by_host.acquire()
print(sum(work(number) for number in range(2_000)), flush=True)
feature_tracker.flush(0.5)
while feature_tracker.health()["state"] == "starting":
    time.sleep(0.01)
print(sum(work(number) for number in range(20_000)), flush=True)
health = feature_tracker.health()
balance = health["written"] + health["folded"] + sum(health["dropped"].values()) + health["pending"]
assert balance == health["recorded"] == 22_000, health
logging.held_by_host.release()
"""
ENDS = {
    "return": ("", 0),
    "exit": ("sys.exit(3)", 3),
    "exception": ("raise ValueError('its own')", 1),
    "sigterm": ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -signal.SIGTERM),
}


def run(data_dir: Path, body: str, hung: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Run a program whose plugin hangs in one part; it is killed after so many seconds."""
    plugins = data_dir.parent / "plugins"
    plugins.mkdir(mode=0o700)
    (plugins / "hanging.py").write_text(PLUGIN)
    program = data_dir.parent / "host.py"
    program.write_text(body)
    environment = {
        **os.environ,
        "HUNG": hung,
        "FEATURE_TRACKING_DATA_DIR": str(data_dir),
        "FEATURE_TRACKING_PLUGINS_DIR": str(plugins),
        "FEATURE_TRACKING_BACKEND": "hung",
        "FEATURE_TRACKING_EXIT_TIMEOUT": "0.5",
    }
    result = subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    result.stderr = "".join(without_slow_imports(result.stderr.splitlines(keepends=True)))
    return result


@pytest.mark.parametrize("hung", PARTS)
def test_host_goes_on_and_ends_with_its_own_status(data_dir: Path, hung: str) -> None:
    result = run(data_dir, HOST + "sys.exit(3)", hung)
    assert (result.returncode, result.stdout, result.stderr) == (3, "1999000\n199990000\n", "")


@pytest.mark.parametrize("hung", ["backend.append", "exporter.export", "filter", "startup"])
def test_calls_that_hang_from_the_first_one_on_leave_a_trace(data_dir: Path, hung: str) -> None:
    run(data_dir, HOST, hung)
    (process,) = known_processes(data_dir)
    assert (process["state"], process["written"], process["dropped"]) == ("killed", 0, {})
    assert process["pending"] == process["recorded"] > 0


@pytest.mark.parametrize("end", ENDS)
def test_every_end_comes_although_the_backend_hangs(data_dir: Path, end: str) -> None:
    last, status = ENDS[end]
    result = run(data_dir, HOST + last, "backend.append")
    assert (result.returncode, result.stdout) == (status, "1999000\n199990000\n")
    assert result.stderr.splitlines()[-1:] == (["ValueError: its own"] if end == "exception" else [])


def test_trackers_that_hang_together_do_not_end_one_after_the_other(data_dir: Path) -> None:
    more = """
trackers = [FeatureTracker(exit_timeout=10.0) for _ in range(60)]
for tracker in trackers:
    tracker.track_feature("work")(lambda: None)()
    tracker.flush(0.05)
print("end", flush=True)
"""
    # one after the other it would take ten minutes
    result = run(data_dir, HOST + more, "backend.append")
    assert (result.returncode, result.stdout.splitlines()[-1], result.stderr) == (0, "end", "")


def test_forks_do_not_wait_for_one_hung_tracker_after_the_other(data_dir: Path) -> None:
    more = """
from curio_tracking.collecting import lifecycle
lifecycle.LONGEST_WRITE_DELAY = 2.0
trackers = [FeatureTracker(exit_timeout=0.5) for _ in range(40)]
for tracker in trackers:
    tracker.track_feature("work")(lambda: None)()
    tracker.flush(0.05)
for _ in range(5):
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
print("end", flush=True)
"""
    # one after the other it would take 400 s
    result = run(data_dir, HOST + more, "backend.append")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "end")


def test_own_handler_of_the_host_does_not_wait_for_one_hung_tracker_after_the_other(data_dir: Path) -> None:
    more = """
from curio_tracking.collecting import lifecycle
lifecycle.LONGEST_WRITE_DELAY = 5.0
trackers = [FeatureTracker(exit_timeout=0.5) for _ in range(100)]
for tracker in trackers:
    tracker.track_feature("work")(lambda: None)()
before = signal.getsignal(signal.SIGTERM)
def handler(number, frame):
    before(number, frame)
    print("handled", flush=True)
signal.signal(signal.SIGTERM, handler)
os.kill(os.getpid(), signal.SIGTERM)
"""
    # one after the other it would take 500 s
    result = run(data_dir, HOST + more, "backend.append")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "handled")
