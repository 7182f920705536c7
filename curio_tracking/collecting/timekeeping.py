"""Timekeeping: lets every tracked call of the process read another clock. For tests; a program never imports this.

The hot path has no "which clock?" in it. What is swapped are the names it reads the clock by: a global of each
generated wrapper, and one of each module that times calls. The writer thread waits by the real clock all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.collecting import generators, hotpath, lifecycle, run
from curio_tracking.collecting.clock import clock

if TYPE_CHECKING:
    from collections.abc import Callable


def read_clock(reading: Callable[[], float] = clock) -> None:
    """Let calls of all trackers read `reading` (seconds) from here on; without it the real clock again.

    A call that is under way reads one clock at its start and the other at its end: a reading of `reading` must be able
    to take part in a subtraction with a plain one.
    """
    for module in (generators, hotpath, run):
        vars(module)["clock"] = reading
    for collector in list(lifecycle.collectors):
        collector.read_clock(reading)
