"""Pulse: what the writer notes of its own work: how long flushes take, its CPU time, what a tracked call costs.

Kept by the writer thread; `health()` reads it from any other. Handed on when one writer replaces another.
"""

from __future__ import annotations

from collections import deque
from time import thread_time

from curio_tracking.collecting.clock import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

REMEMBERED: Final = 1000
"""Flushes that the percentile is about."""


class Pulse:
    """The notes of one collector's writers.

    Attributes:
        overhead_ns: what a tracked call costs, once that was measured. writer_seconds: CPU used by the writers.
    """

    def __init__(self) -> None:
        self.overhead_ns: float | None = None
        self.writer_seconds = 0.0
        self._cpu_before = 0.0
        self._began: float | None = None
        self._recent: deque[float] = deque(maxlen=REMEMBERED)
        self._flushes = 0
        self._last: float | None = None
        self._total = 0.0
        self._longest: float | None = None

    def thread_begins(self) -> None:
        """Count the CPU time of the current thread from here on."""
        self._cpu_before = thread_time()

    def note_cpu(self) -> None:
        """Add what the thread has used since the last time."""
        now = thread_time()
        self.writer_seconds += now - self._cpu_before
        self._cpu_before = now

    def flush_begins(self) -> None:
        """Start the clock, unless it runs: a flush whose batch was refused goes on."""
        if self._began is None:
            self._began = clock()

    def flush_ends(self, *, has_written: bool) -> None:
        """Stop the clock; a flush that found nothing to write does not count."""
        began, self._began = self._began, None
        if began is None or not has_written:
            return
        seconds = clock() - began
        self._recent.append(seconds)
        self._flushes += 1
        self._last = seconds
        self._total += seconds
        self._longest = max(self._longest or 0.0, seconds)

    def figures(self) -> dict[str, Any]:
        """Return the notes under their public names; see `health.HEALTH_FIELDS`."""
        recent, began, flushes = sorted(self._recent), self._began, self._flushes
        return {
            "flushes": flushes,
            "last_flush": self._last,
            "avg_flush": self._total / flushes if flushes else None,
            "p95_flush": recent[(len(recent) * 95 - 1) // 100] if recent else None,
            "max_flush": self._longest,
            "current_flush": None if began is None else clock() - began,
            "overhead_ns": self.overhead_ns,
            "writer_seconds": self.writer_seconds,
        }
