"""The exporter's own port, in real processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[..., str]
APPLICATION = """
import os, sys
from curio_tracking import FeatureTracker, feature_tracker, track_feature

@track_feature("work")
def work():
    pass

def ask():
    from urllib.request import urlopen
    return urlopen(f"http://127.0.0.1:{port}/metrics", timeout=180).read().decode()

port = os.environ["FEATURE_TRACKING_PROMETHEUS__PORT"]
"""


@pytest.fixture
def serve(python: Any, free_port: Callable[[], int]) -> Callable[..., Any]:
    """Run an application that was told to listen on a free port."""

    def run(code: str, **variables: str) -> Any:
        return python(APPLICATION + code, FEATURE_TRACKING_PROMETHEUS__PORT=str(free_port()), **variables)

    return run


def test_process_serves_its_metrics_on_the_port(serve: Ask) -> None:
    finished: Any = serve("work(); feature_tracker.flush(60); print(ask())")
    assert 'curio_tracking_calls_total{category="other",feature="work",status="success"} 1.0' in finished.stdout
    assert finished.stderr == ""


def test_port_is_free_again_after_the_tracker_was_closed(serve: Ask) -> None:
    finished: Any = serve(
        """
import socket
work(); feature_tracker.flush(60); feature_tracker.close()
with socket.socket() as other:
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.bind(("127.0.0.1", int(port)))
    print("free")
"""
    )
    assert finished.stdout == "free\n"


def test_configuring_again_keeps_the_port_without_a_warning(serve: Ask) -> None:
    finished: Any = serve(
        "work(); feature_tracker.flush(60); feature_tracker.configure(app='a'); work(); "
        "feature_tracker.flush(60); print(ask())"
    )
    assert 'status="success"} 2.0' in finished.stdout
    assert finished.stderr == ""


def test_port_that_is_taken_is_one_warning_and_counting_goes_on(serve: Ask) -> None:
    finished: Any = serve(
        """
import socket
other = socket.create_server(("127.0.0.1", int(port)))
from prometheus_client import generate_latest
for _ in range(3): work(); feature_tracker.flush(60)
print(generate_latest().decode())
"""
    )
    assert 'curio_tracking_calls_total{category="other",feature="work",status="success"} 3.0' in finished.stdout
    assert len(finished.stderr.splitlines()) == 1
    assert "cannot listen on 127.0.0.1" in finished.stderr


@pytest.mark.parametrize("address", ["no such host", "a" * 100, "192.0.2.1"])
def test_address_that_cannot_be_had_is_one_warning(serve: Any, address: str) -> None:
    finished = serve("work(); print(feature_tracker.flush(60))", FEATURE_TRACKING_PROMETHEUS__ADDRESS=address)
    assert finished.stdout == "True\n"
    assert len(finished.stderr.splitlines()) == 1
    assert address in finished.stderr


def test_forked_process_leaves_the_port_to_its_parent(serve: Any) -> None:
    finished = serve(
        """
work(); feature_tracker.flush(60)
read, write = os.pipe()
child = os.fork()
if child == 0:
    os.close(write)
    for _ in range(7): work()
    feature_tracker.flush(60)
    os.read(read, 1)
    os._exit(0)
work(); feature_tracker.flush(60)
print(ask())
os.write(write, b".")
os.wait()
"""
    )
    assert 'feature="work",status="success"} 2.0' in finished.stdout
    assert finished.stderr == ""


def test_process_serves_on_after_it_forked(serve: Any) -> None:
    finished = serve(
        """
work(); feature_tracker.flush(60)
for _ in range(20):
    if os.fork() == 0:
        os._exit(0)
    os.wait()
    work(); feature_tracker.flush(60)
    assert "work" in ask()
print(ask())
"""
    )
    assert 'feature="work",status="success"} 21.0' in finished.stdout
    assert finished.stderr == ""


def test_process_with_threads_of_its_own_answers_right_after_it_forked(serve: Any) -> None:
    # Python warns of these threads anyway: there is nothing to spare the host by waiting for the next call
    finished = serve(
        """
import threading, warnings
warnings.simplefilter("ignore")
threading.Thread(target=threading.Event().wait, daemon=True).start()
work(); feature_tracker.flush(60)
if os.fork() == 0:
    os._exit(0)
os.wait()
print(ask())
"""
    )
    assert 'feature="work",status="success"} 1.0' in finished.stdout


def test_fork_while_a_client_keeps_a_request_open_prints_nothing(serve: Any) -> None:
    finished = serve(
        """
import socket, threading, time
work(); feature_tracker.flush(60)
client = socket.create_connection(("127.0.0.1", int(port)))
while not [thread for thread in threading.enumerate() if "process_request" in thread.name]: time.sleep(0.01)
if os.fork() == 0:
    os._exit(0)
os.wait()
"""
    )
    assert (finished.stdout, finished.stderr) == ("", "")


def test_port_is_given_up_with_the_parent_while_a_forked_process_lives(serve: Any) -> None:
    finished = serve(
        """
import socket
work(); feature_tracker.flush(60)
read, write = os.pipe()
ready, tell = os.pipe()
if os.fork() == 0:
    os.close(write)
    os.write(tell, b".")
    os.read(read, 1)
    os._exit(0)
os.read(ready, 1)
feature_tracker.close()
with socket.socket() as other:
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.bind(("127.0.0.1", int(port)))
    print("free")
os.write(write, b".")
"""
    )
    assert finished.stdout == "free\n"


def test_one_worker_serves_all_of_them_in_multi_process_mode(serve: Any, tmp_path: Any) -> None:
    (tmp_path / "values").mkdir()
    finished = serve(
        """
done, wait = os.pipe()
ready, tell = os.pipe()
for number in range(3):
    if os.fork() == 0:
        os.close(wait)
        for _ in range(10): work()
        feature_tracker.flush(60)
        os.write(tell, b".")
        os.read(done, 1)
        sys.exit()
for _ in range(3): os.read(ready, 1)
print(ask())
os.close(wait)
""",
        PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "values"),
    )
    assert 'feature="work",status="success"} 30.0' in finished.stdout
    assert finished.stderr == ""


def test_worker_takes_over_the_port_of_one_that_ended(serve: Any, tmp_path: Any) -> None:
    (tmp_path / "values").mkdir()
    finished = serve(
        """
import signal, time
def worker():
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        while True:
            work(); feature_tracker.flush(60)
            os.write(tell, b".")
            time.sleep(0.1)
            os.getppid() == parent or os._exit(0)
    os.read(ready, 1)
    return child

parent = os.getpid()
first, second = worker(), worker()
os.kill(first, signal.SIGKILL)
os.waitpid(first, 0)
until = time.monotonic() + 180
while True:
    try:
        print("curio_tracking_calls_total" in ask())
        break
    except OSError:
        assert time.monotonic() < until
        time.sleep(0.1)
os.kill(second, signal.SIGKILL)
""",
        PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "values"),
    )
    assert finished.stdout == "True\n"


def test_application_that_cannot_collect_its_metrics_gets_no_output_of_ours(serve: Any) -> None:
    finished = serve(
        """
from urllib.error import HTTPError
from prometheus_client import REGISTRY
class Broken:
    def describe(self): return []
    def collect(self): raise RuntimeError("theirs")
REGISTRY.register(Broken())
work(); feature_tracker.flush(60)
try: ask()
except HTTPError as error: print(error.code)
"""
    )
    assert (finished.stdout, finished.stderr) == ("500\n", "")


def test_end_of_the_process_with_a_port_is_clean(serve: Any) -> None:
    finished = serve("work(); feature_tracker.flush(60); ask()")
    assert (finished.stdout, finished.stderr) == ("", "")
