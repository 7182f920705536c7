"""An import that takes long, or never ends, is told of while it lasts: once, by a thread that leaves no trace."""

from __future__ import annotations

import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

from curio_tracking.plugins import PluginHost, loading
from curio_tracking.plugins.watch import Watch
from curio_tracking.testing.forked import exit_code, fork

NEVER_ENDS = """
import threading
threading.Event().wait()

from curio_tracking import hookimpl

@hookimpl
def curio_startup(tracker):
    pass
"""
ENDS_WHEN_TOLD = """
import logging, threading
from curio_tracking import hookimpl
from curio_tracking.plugins import watch

told = threading.Event()

class Listens(logging.Handler):
    def emit(self, record):
        told.set()

for one in watch._watches:
    one._longest_wait_seconds = 180.0  # a busy machine may take longer to end a thread

handler = Listens()
logging.getLogger("curio_tracking").addHandler(handler)
told.wait(180)
logging.getLogger("curio_tracking").removeHandler(handler)
{then}

@hookimpl
def curio_startup(tracker):
    print("threads", [thread.name for thread in threading.enumerate() if "watch" in thread.name], flush=True)
"""
"""Its import lasts until the log tells of it."""
FORKS = """
import os, threading, warnings
from curio_tracking import hookimpl

warnings.simplefilter("error")
child = os.fork()
if not child:
    os._exit(0)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)

@hookimpl
def curio_startup(tracker):
    pass
"""
HOST = """
import logging, sys, threading
from curio_tracking import feature_tracker, track_feature

told = threading.Event()

class Listens(logging.StreamHandler):
    def emit(self, record):
        super().emit(record)
        told.set()

logging.getLogger("curio_tracking").addHandler(Listens(sys.stderr))
work = track_feature("work")(lambda number: number)
print([work(number) for number in range(3)], flush=True)
print(told.wait(180), flush=True)
{then}
sys.exit(7)
"""
AT_ONCE = "from curio_tracking import FeatureTracker\nFeatureTracker()\nprint('made')\n"
"""A program that has its plugins imported in its main thread."""
patient = partial(Watch, longest_wait_seconds=180.0)
"""A watch that waits for its thread on a busy machine, too."""


@pytest.fixture
def host(tmp_path: Path) -> Any:
    """Return what makes a program with a handler of its own that goes on once something was logged."""

    def make(then: str = "") -> str:
        program = tmp_path / "host.py"
        program.write_text(HOST.format(then=then), "utf-8")
        return str(program)

    return make


def test_import_that_never_ends_is_told_of_while_it_lasts(run: Any, install: Any, host: Any) -> None:
    install("hangs", NEVER_ENDS)
    result = run(host(), EXIT_TIMEOUT="0.1")
    assert (result.returncode, result.stdout) == (7, "[0, 1, 2]\nTrue\n")
    line, last = result.stderr.splitlines()
    assert line.startswith('plugin "hangs" (hangs 1.5) is still being imported after 1 s; update it, or ')
    assert line.endswith('set FEATURE_TRACKING_PLUGINS_DISABLED="hangs"')
    assert last == (
        "3 calls were lost at the end: settings and plugins could not be loaded within 0.1 s; "
        "a larger FEATURE_TRACKING_EXIT_TIMEOUT gives them more time"
    )


def test_command_that_waits_for_an_import_says_what_for(run: Any, install: Any) -> None:
    install("slow", ENDS_WHEN_TOLD.format(then=""))
    result = run("-m", "curio_tracking", "list-features", "--format", "json")
    assert (result.returncode, result.stdout) == (0, "[]\n")
    (line,) = result.stderr.splitlines()
    assert 'plugin "slow" (slow 1.5) is still being imported after 1 s; ' in line


def test_slow_import_that_ends_is_told_of_once(run: Any, install: Any, host: Any) -> None:
    install("slow", ENDS_WHEN_TOLD.format(then=""))
    result = run(host("print(feature_tracker.flush(60))"))
    assert result.returncode == 7
    assert sorted(result.stdout.splitlines()) == ["True", "True", "[0, 1, 2]", "threads []"]
    (line,) = result.stderr.splitlines()
    assert line.startswith('plugin "slow" (slow 1.5) is still being imported after 1 s; ')


def test_slow_import_that_fails_is_told_of_once_and_listed_as_broken(run: Any, install: Any, host: Any) -> None:
    install("slow", ENDS_WHEN_TOLD.format(then="raise RuntimeError('no server')"))
    result = run(host("print(feature_tracker.flush(60))"))
    assert (result.returncode, result.stdout) == (7, "[0, 1, 2]\nTrue\nTrue\n")
    assert len(result.stderr.splitlines()) == 1
    listed = run("-m", "curio_tracking", "plugins", "list", "--load", "--format", "json")
    assert '"error": "cannot be loaded: RuntimeError: no server"' in listed.stdout


def test_how_a_slow_import_has_ended_is_in_a_log_that_is_asked_for_it(run: Any, install: Any, host: Any) -> None:
    install("slow", ENDS_WHEN_TOLD.format(then="raise RuntimeError('no server')"))
    program = Path(host("print(feature_tracker.flush(60))"))
    source = "import logging\nlogging.getLogger('curio_tracking').setLevel('INFO')\n" + program.read_text("utf-8")
    program.write_text(source, "utf-8")
    first, second = run(str(program)).stderr.splitlines()
    assert "is still being imported after 1 s" in first
    assert "cannot be loaded: RuntimeError: no server" in second


# Python 3.12 and later warn of a fork beside another thread: an error in the plugin, here
def test_plugin_that_forks_while_it_is_imported_is_alone_in_the_process(run: Any, install: Any, tmp_path: Path) -> None:
    install("forks", FORKS)
    program = tmp_path / "at_once.py"
    program.write_text(AT_ONCE, "utf-8")
    result = run(str(program))
    assert (result.stdout, result.stderr) == ("child 0\nmade\n", "")


def test_no_thread_is_started_for_built_in_plugins(run: Any, tmp_path: Path) -> None:
    program = tmp_path / "at_once.py"
    program.write_text(f"{AT_ONCE}import sys\nprint('curio_tracking.plugins.watch' in sys.modules)\n", "utf-8")
    assert run(str(program)).stdout == "made\nFalse\n"


def watching() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "curio-tracking-watch"]


def test_watch_calls_when_its_time_is_over() -> None:
    called = threading.Event()
    with Watch(0.0, called.set):
        assert called.wait(180)


def test_watch_calls_once() -> None:
    calls: list[int] = []
    called = threading.Event()
    with Watch(0.0, lambda: (calls.append(1), called.set())):
        called.wait(180)
    assert calls == [1]


@pytest.mark.parametrize("seconds", [0.0, 3600.0])
def test_watch_leaves_no_thread_behind(seconds: float) -> None:
    with patient(seconds, lambda: None):
        pass
    assert watching() == []


def test_watch_ends_with_an_exception_of_what_it_watches() -> None:
    with pytest.raises(SystemExit), patient(3600.0, lambda: None):
        raise SystemExit(3)
    assert watching() == []


def test_watch_that_was_ended_does_not_call() -> None:
    calls: list[int] = []
    with Watch(3600.0, lambda: calls.append(1)):
        pass
    assert calls == []


def test_fork_by_what_is_watched_ends_the_watch() -> None:
    with patient(3600.0, lambda: None):
        assert exit_code(fork(lambda: None)) == 0
        assert watching() == []


def test_fork_by_another_thread_leaves_the_watch_alone() -> None:
    with Watch(3600.0, lambda: None):
        thread = threading.Thread(target=lambda: exit_code(fork(lambda: None)))
        thread.start()
        thread.join()
        assert watching() == ["curio-tracking-watch"]


def test_import_is_not_held_up_by_a_log_that_hangs() -> None:
    release, entered = threading.Event(), threading.Event()

    def tell() -> None:
        entered.set()
        release.wait(180)

    with Watch(0.0, tell, longest_wait_seconds=0.0):
        entered.wait(180)
    assert watching() == ["curio-tracking-watch"]
    release.set()
    wait_until(lambda: watching() == [])


def test_log_that_raises_is_the_hosts_own_affair(monkeypatch: pytest.MonkeyPatch) -> None:
    uncaught: list[object] = []
    monkeypatch.setattr(threading, "excepthook", uncaught.append)
    called = threading.Event()

    def tell() -> None:
        called.set()
        raise RuntimeError("no disk")

    with patient(0.0, tell):
        called.wait(180)
    assert uncaught == []


def test_watch_does_without_when_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with Watch(0.0, sys.exit):
        done = True
    assert done


def test_built_in_plugins_are_not_told_of_however_long_they_take(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A machine that is busy takes seconds for them, and what is said of others says to uninstall them."""
    monkeypatch.setattr(loading, "SLOW_IMPORT_SECONDS", 0.0)
    host = PluginHost(admits=lambda state: state.is_built_in)
    host.load()
    assert len([state for state in host.plugins() if state.load_seconds]) > 1
    assert caplog.messages == []
