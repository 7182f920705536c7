"""Ends in one of the ways in which a process can end. python endings.py ENDING; see `end`.

Calls 100 times and waits until that is acknowledged; then calls 50 times more, and ends in the middle of that.
"""

from __future__ import annotations

import atexit
import faulthandler
import gc
import os
import signal
import sys
import threading
import time
from typing import Any

if sys.argv[1] == "exit handlers, the last after ours":
    atexit.register(lambda: print("the last handler", work(1)))

from accounts import account

from curio_tracking import feature_tracker, track_feature

ENDING = sys.argv[1]
is_tracked = os.environ["FEATURE_TRACKING_ENABLED"] == "true"


@track_feature("work")
def work(number: int) -> int:
    """Return the number."""
    return number


class Finalised:
    """Something that calls when it is taken away."""

    def __del__(self) -> None:
        print("finalised", work(7), flush=True)


def end() -> None:
    """End."""
    if ENDING in ("SIGKILL", "SIGHUP", "SIGABRT", "SIGSEGV", "SIGTERM", "SIGINT"):
        os.kill(os.getpid(), getattr(signal, ENDING))
        time.sleep(60)
    if ENDING == "os.abort":
        faulthandler.disable()
        os.abort()
    if ENDING == "os._exit":
        os._exit(6)
    if ENDING == "exec":
        os.environ["FAULTS_REPLACED"] = "1"
        os.execv(sys.executable, [sys.executable, __file__, "return"])
    if ENDING == "uncaught":
        raise RuntimeError("nobody catches this")
    end_late()


def end_late() -> None:
    """Return, having arranged for calls on the way out."""
    if ENDING == "sys.exit in a thread":
        thread = threading.Thread(target=lambda: (work(1), sys.exit(3)))
        thread.start()
        thread.join()
    if ENDING == "exit handlers":
        atexit.register(lambda: print("a handler", work(1)))
    if ENDING == "a raising exit handler":
        atexit.register(lambda: work("x") + 1)
    if ENDING == "finalisers":
        globals()["kept"] = Finalised()
        cycle: list[Any] = [Finalised()]
        cycle.append(cycle)
        del cycle
        gc.collect()
        globals()["cycle"] = [Finalised()]
        globals()["cycle"].append(globals()["cycle"])
    if ENDING == "daemon threads":
        for _ in range(4):
            threading.Thread(target=lambda: [work(number) for number in iter(int, 1)], daemon=True).start()
    if ENDING == "signal handlers":
        signals()


def signals() -> None:
    """Let handlers that call, flush and ask interrupt whatever is going on."""
    answers = []

    def handler(_number: int, _frame: object) -> None:
        answers.append(work(1))
        if len(answers) % 50 == 0:
            feature_tracker.health()
            feature_tracker.flush(0.01)
        if len(answers) < 300:  # one at a time: handlers that interrupt each other end in a recursion without us
            signal.setitimer(signal.ITIMER_REAL, 0.001)

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    while len(answers) < 300:
        work(2)
    print(set(answers))


print([work(number) for number in range(100)])
assert feature_tracker.flush(60) or not is_tracked
account(100)
for step in range(50):
    work(step)
print("a line", flush=True)
print("another", file=sys.stderr)
end()
