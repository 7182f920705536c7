"""Work in forked children, for suites: started, awaited, and never hung upon.

A child leaves by `os._exit`: it must run neither pytest's end nor anybody's `atexit`.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_SECONDS: Final = 120.0
"""When a child counts as hanging; far beyond what any of them takes."""
HUNG: Final = "it hung"


def fork(work: Callable[[], object]) -> int:
    """Run `work` in a forked child and return its process id; the child ends with 0, or with 1 if `work` raised."""
    with warnings.catch_warnings():
        # Python 3.12 warns where there are threads; that the child is harmless even then is what is tested
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def is_running(child: int) -> bool:
    """Whether the child still works; it stays to be awaited."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def exit_code(child: int, longest_seconds: float = LONGEST_SECONDS) -> int | str:
    """Await a child and return its exit code, or `HUNG`: then it was killed."""
    deadline = time.monotonic() + longest_seconds
    while is_running(child):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return HUNG
        time.sleep(0.002)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
