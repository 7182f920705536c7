"""Kills a piece of work before one of its system calls, in a child; what it left is the parent's to look at."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator


def killed_before(number: int, steps: Iterable[str], work: Callable[[], object]) -> bool:
    """Do the work in a child that is killed before its call `number`, and say whether it came to that.

    Args:
        steps: names of functions in `os`; their calls are counted together, from 0.
    """
    child = os.fork()
    if child == 0:
        try:
            calls = iter(range(10**9))
            for step in steps:
                _kill_at(number, calls, step)
            work()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _kill_at(number: int, calls: Iterator[int], step: str) -> None:
    real = getattr(os, step)

    def call(*arguments: object, **options: object) -> object:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    setattr(os, step, call)
