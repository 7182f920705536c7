"""Calibration: what tracking adds to one call, measured in this process with its settings, off the hot path.

A function of two arguments that does nothing is called tracked and bare, in short rounds in turn; of each the shortest
round counts, because a round in which another thread had the interpreter says nothing about the call. Takes less than
a millisecond or two, once, on the writer thread. What the writer does later for each record is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.buffer import Buffer
from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.context import current
from curio_tracking.collecting.decorator import call_in_full, push_failure
from curio_tracking.collecting.guard import Guard
from curio_tracking.collecting.hotpath import code_for, make_wrapper
from curio_tracking.collecting.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking.collecting.switches import Switches

ROUNDS: Final = 12
CALLS: Final = 100
_NO_LIMIT: Final = 1 << 30


class _Stand:
    """Stands in for a collector: takes rows like one, and has no writer."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.context = current.get
        self.guard = Guard()
        self.buffer = Buffer(lambda: None)
        self.buffer.limit = self.buffer.queue_size = _NO_LIMIT


def overhead_ns(switches: Switches) -> float:
    """Return the nanoseconds that tracking adds to a call of a plain function with two arguments.

    Args:
        switches: what is captured of a call.
    """
    stand: Any = _Stand(switches)
    site = Site(stand, "calibration", "other")
    site.describe(_nothing, ())
    wrapper = make_wrapper(_nothing, site, call_in_full, push_failure)  # type: ignore[arg-type]
    kind = "full" if switches.resources else "tracked"
    wrapper.__code__ = code_for(_nothing, site.parameters, kind, switches.capture_args)  # type: ignore[arg-type]
    tracked, bare = [], []
    for _ in range(ROUNDS):
        tracked.append(_seconds(wrapper))
        bare.append(_seconds(_nothing))
        stand.buffer.clear()
    return max(0.0, (min(tracked) - min(bare)) / CALLS * 1e9)


def _nothing(one: object, two: object) -> None:
    """Do nothing."""


def _seconds(function: Callable[..., Any]) -> float:
    start = clock()
    for _ in range(CALLS):
        function("one", 2)
    return clock() - start
