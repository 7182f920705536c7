"""Threads of ours: the host neither waits for them at its end nor is warned of them when it forks."""

from __future__ import annotations

from os.path import exists
from sys import version_info
from threading import Thread
from time import sleep

from curio_tracking.collecting.clock import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

LINGERS: Final = version_info < (3, 13)
LONGEST_LINGERING: Final = 0.1
"""Seconds to wait for the kernel to take away a thread that has ended; it takes microseconds."""


class BackgroundThread(Thread):
    """A daemon, so that it never keeps a program from ending."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        super().__init__(target=work, name=name, daemon=True)

    def join(self, timeout: float | None = None) -> None:
        """Return at once without a timeout: a host that joins every thread it finds must not wait for this one."""
        if timeout is not None:
            super().join(timeout)

    def wait(self, seconds: float) -> None:
        """Wait for the end of the thread, so long at most."""
        super().join(seconds)
        # before Python 3.13 `join` returns a moment before the kernel's thread is gone, and 3.12 warns of it at a fork
        last_look = clock() + LONGEST_LINGERING
        while not self.is_alive() and self._lingers() and clock() < last_look:
            sleep(0.000_1)

    def _lingers(self) -> bool:
        # not pathlib: an application imports this module, and pathlib costs it milliseconds
        return LINGERS and exists(f"/proc/self/task/{self.native_id}")  # noqa: PTH110
