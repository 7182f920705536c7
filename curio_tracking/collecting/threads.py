"""Threads of ours: the host neither waits for them at its end nor is warned of them when it forks."""

from __future__ import annotations

import sys
from os.path import exists
from threading import Thread
from time import sleep

from curio_tracking.collecting.clock import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _queue import SimpleQueue
    from collections.abc import Callable
    from typing import Final

DOZE_SECONDS: Final = 0.01
LONGEST_LINGERING: Final = 0.1
"""Seconds to wait for the kernel to take away a thread that has ended; it takes microseconds."""


class BackgroundThread(Thread):
    """A daemon, so that it never keeps a program from ending."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        super().__init__(target=work, name=name, daemon=True)
        self._has_ended = False

    def run(self) -> None:
        """Do the work."""
        try:
            super().run()
        finally:
            self._has_ended = True

    def join(self, timeout: float | None = None) -> None:
        """Return at once without a timeout: a host that joins every thread it finds must not wait for this one."""
        if timeout is not None:
            super().join(timeout)

    def wait(self, seconds: float) -> None:
        """Wait for the end of the thread, so long at most."""
        if is_greenlet():
            # not `join`: where gevent came after our import, that waits for a thread of the kernel
            doze(seconds, lambda: self._has_ended)
            return
        last_look = clock() + LONGEST_LINGERING
        while self.ident is None and clock() < last_look:  # another thread of the host is starting it in this moment
            sleep(0.000_1)
        if self.ident is None:
            return
        super().join(seconds)
        # `join` returns a moment before the kernel has taken the thread away; since Python 3.12 a fork warns of it
        last_look = clock() + LONGEST_LINGERING
        while not self.is_alive() and self._lingers() and clock() < last_look:
            sleep(0.000_1)

    def _lingers(self) -> bool:
        # not pathlib: an application imports this module, and pathlib costs it milliseconds
        return exists(f"/proc/self/task/{self.native_id}")  # noqa: PTH110


def is_greenlet() -> bool:
    """Whether gevent has made greenlets of this process's threads: then one that waits in C stops all of them."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def breathe() -> None:
    """Let other greenlets run, if there are any."""
    if is_greenlet():
        sys.modules["gevent"].sleep(0)


def doze(seconds: float, is_over: Callable[[], bool]) -> None:
    """Let other greenlets run until something is over, so long at most."""
    last_look = clock() + seconds
    while not is_over() and clock() < last_look:
        sys.modules["gevent"].sleep(DOZE_SECONDS)


def get_woken(wake: SimpleQueue[None], seconds: float) -> None:
    """Take one item out of the queue, once there is one.

    Raises:
        Empty: there was none for so long.
    """
    if is_greenlet():
        doze(seconds, lambda: not wake.empty())
        seconds = 0.0
    wake.get(timeout=seconds)
