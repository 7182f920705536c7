"""Every way in which a process can end: status and streams stay, and acknowledged calls are there. Budget: 40 s."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from twice import run_twice

ACKNOWLEDGED = 100
MADE = 150


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("SIGKILL", -signal.SIGKILL),
        ("SIGHUP", -signal.SIGHUP),
        ("SIGABRT", -signal.SIGABRT),
        ("SIGSEGV", -signal.SIGSEGV),
        ("os.abort", -signal.SIGABRT),
        ("os._exit", 6),
    ],
)
def test_end_that_no_handler_sees_leaves_what_was_acknowledged(tmp_path: Path, ending: str, status: int) -> None:
    tracked = run_twice("endings.py", tmp_path, ending)
    assert tracked.status == status
    assert ACKNOWLEDGED <= tracked.calls() <= MADE
    assert tracked.account().stored == ACKNOWLEDGED


def test_program_that_replaces_itself_leaves_both_their_calls(tmp_path: Path) -> None:
    """Under the same process id: the second one takes a segment of its own."""
    tracked = run_twice("endings.py", tmp_path, "exec")
    assert tracked.status == 0
    assert [one.stored for one in tracked.accounts] == [ACKNOWLEDGED, ACKNOWLEDGED]
    assert ACKNOWLEDGED + MADE <= tracked.calls() <= 2 * MADE


@pytest.mark.parametrize(
    ("ending", "status", "calls"),
    [
        ("return", 0, MADE),
        ("SIGTERM", -signal.SIGTERM, MADE),
        ("SIGINT", -signal.SIGINT, MADE),
        ("uncaught", 1, MADE),
        ("sys.exit in a thread", 0, MADE + 1),
        ("exit handlers", 0, MADE + 1),
        ("a raising exit handler", 0, MADE + 1),
    ],
)
def test_end_that_a_handler_sees_leaves_every_call(tmp_path: Path, ending: str, status: int, calls: int) -> None:
    tracked = run_twice("endings.py", tmp_path, ending)
    assert tracked.status == status
    assert tracked.calls() == calls


@pytest.mark.parametrize("ending", ["exit handlers, the last after ours", "finalisers"])
def test_calls_while_the_interpreter_takes_itself_down_do_what_they_always_do(tmp_path: Path, ending: str) -> None:
    tracked = run_twice("endings.py", tmp_path, ending)
    assert tracked.status == 0
    assert tracked.calls() >= MADE


def test_threads_that_call_until_the_interpreter_stops_them_change_nothing(tmp_path: Path) -> None:
    tracked = run_twice("endings.py", tmp_path, "daemon threads")
    assert tracked.status == 0
    assert tracked.calls() >= MADE


def test_signal_handlers_that_call_flush_and_ask_find_no_lock_held(tmp_path: Path) -> None:
    tracked = run_twice("endings.py", tmp_path, "signal handlers")
    assert tracked.output.endswith("{1}\n")
    assert tracked.calls() >= MADE + 300
