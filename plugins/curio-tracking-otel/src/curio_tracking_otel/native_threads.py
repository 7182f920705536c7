"""Native threads: those that gRPC's core runs beside Python's, and that must be gone before the host forks.

They end some milliseconds after the last channel was let go; a child that is forked before that hangs as soon as it
uses gRPC itself. Only Linux tells which threads there are; elsewhere nothing is waited for.
"""

from __future__ import annotations

import os
import threading
from time import monotonic, sleep
from typing import Final

LONGEST_WAIT: Final = 0.05
"""Seconds; they take up to four milliseconds."""
_TASKS: Final = "/proc/self/task"


class NativeThreads:
    """The threads that have come since the channels were opened."""

    def __init__(self) -> None:
        self._others: frozenset[str] | None = None

    def expect(self) -> None:
        """Remember which threads there are before a first channel is opened."""
        if self._others is None:
            self._others = _tasks()

    def wait(self) -> None:
        """Wait until those that came since then are gone; call it when the channels are closed.

        The host's own threads that came meanwhile are not told apart: for them it waits `LONGEST_WAIT` in vain.
        """
        if self._others is None:
            return
        last_look = monotonic() + LONGEST_WAIT
        pythons = {str(thread.native_id) for thread in threading.enumerate()}
        while _tasks() - self._others - pythons and monotonic() < last_look:
            sleep(0.000_5)
        self._others = None


def _tasks() -> frozenset[str]:
    try:
        return frozenset(os.listdir(_TASKS))  # noqa: PTH208 - names, many times
    except OSError:
        return frozenset()
