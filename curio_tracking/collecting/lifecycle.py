"""Fork, exit and SIGTERM: what must happen to every tracker of the process at its turning points.

Python runs `atexit` at sys.exit, after an uncaught exception and after Ctrl-C; not in multiprocessing's fork and
forkserver children (they run `multiprocessing.util.Finalize`), and not at SIGTERM, whose default kills at once.
"""

from __future__ import annotations

import atexit
import os
import sys
from threading import current_thread, main_thread
from weakref import WeakSet

from curio_tracking.collecting import clock, running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from curio_tracking.collecting.collector import Collector

collectors: Final[WeakSet[Collector]] = WeakSet()
_prepared_in = 0
_stops_for_forks = False
LONGEST_FORK_DELAY: Final = 5.0
"""Seconds a fork waits for a writer that is still importing modules: half of them in the child would stay half."""
LONGEST_WRITE_DELAY: Final = 0.5
"""Seconds a fork waits for a writer that is writing: a dead disk must not hold up the host."""


def prepare() -> None:
    """Arrange for the end of this process; called when a writer starts, does something once per process."""
    global _prepared_in
    if _prepared_in == os.getpid():
        return
    _prepared_in = os.getpid()
    _stop_for_forks()
    util = sys.modules.get("multiprocessing.util")  # never imported for its own sake: who forks has it
    if util is not None:
        util.Finalize(None, close_all, exitpriority=100)
    _take_sigterm()


def _stop_for_forks() -> None:
    """Let forks wait for the writers from now on.

    `logging` takes its lock before a fork, too, and what registers later runs earlier. Were it imported by a writer, a
    fork would hold that lock and wait for the writer, which waits for the lock; so it is imported here, before the
    first writer starts.
    """
    global _stops_for_forks
    import logging  # noqa: F401 - late: only a process that tracks something needs it

    if not _stops_for_forks and hasattr(os, "register_at_fork"):
        _stops_for_forks = True
        os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent)


def close_all() -> None:
    """Finish every tracker: write what is buffered, within its EXIT_TIMEOUT. A second call does nothing."""
    ending = list(collectors)
    for collector in ending:  # first: or the timeouts of those that hang would add up
        collector.guard.call("exit", collector.writer.ask_to_stop)
    for collector in ending:
        collector.guard.call("exit", collector.writer.stop)
    _keep_exit_status()


def _keep_exit_status() -> None:
    """Let a program that dies of Ctrl-C still be seen to die of it.

    CPython notes an uncaught KeyboardInterrupt in a flag that any later `eval` or `exec` of text clears; a short
    program ends while the writer still imports modules that do so (namedtuple, dataclasses). Raising it once more
    in such a text sets the flag again (run_eval_code_obj in Python/pythonrun.c).
    """
    if getattr(sys, "last_type", None) is KeyboardInterrupt:
        try:
            exec("raise KeyboardInterrupt")  # noqa: S102
        except KeyboardInterrupt:
            pass


def _take_sigterm() -> None:
    """Write what is buffered before SIGTERM's default action; only if nobody else handles it.

    The process still dies of the signal, with the same exit status. Signals can only be arranged in the main thread.
    """
    import signal  # late: only a process that tracks something needs it

    if current_thread() is not main_thread():
        return
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _write_and_die)
    except (ValueError, OSError, AttributeError):
        # a subinterpreter or a platform without this signal: the default stays
        pass


def _write_and_die(number: int, _frame: Any) -> None:
    import signal

    is_ours = signal.getsignal(number) is _write_and_die
    if not is_ours:
        # a handler that the host installed later calls the one before it: what happens next is its business
        asked = list(collectors)
        began = clock.clock()
        for collector in asked:  # first: or the delays of those that hang would add up
            collector.buffer.wake.put(None)
        for collector in asked:
            collector.guard.call("exit", collector.writer.flush, _rest_of(LONGEST_WRITE_DELAY, began))
        return
    close_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _before_fork() -> None:
    """End the writer threads, having written what is buffered; they start again with the next call.

    A thread that lives on one side of a fork leaves its locks, half-imported modules and half-done work on the other.
    Since Python 3.12 forking beside a thread also prints a warning: the host's output would change.
    """
    waiting = [(collector, collector.writer.pause()) for collector in list(collectors)]
    began = clock.clock()
    for collector, wait in waiting:
        if wait is not None:
            is_loading = collector.writer.pipeline is None
            longest = LONGEST_FORK_DELAY if is_loading else LONGEST_WRITE_DELAY
            collector.guard.call("fork", wait, _rest_of(longest, began))


def _rest_of(seconds: float, began: float) -> float:
    return max(0.0, began + seconds - clock.clock())


def _after_fork_in_parent() -> None:
    for collector in list(collectors):
        collector.guard.call("fork", collector.writer.resume)


def _renew_in_child() -> None:
    clock.renew_after_fork()
    running.renew_after_fork()
    for collector in list(collectors):
        collector.renew_after_fork()


# at import, so that handlers which the host registers later run earlier: what they call is still written
atexit.register(close_all)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_in_child)
