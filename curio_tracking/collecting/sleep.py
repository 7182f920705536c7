"""Sleep: how long the machine slept since the clock of calls was set; that clock stands still meanwhile.

The writer looks whenever it wakes, every FLUSH_SECONDS, so a call that began in the last moment before a sleep counts
as one after it. Only Linux tells; elsewhere nothing is added.
"""

from __future__ import annotations

import time

from curio_tracking.collecting.clock import clock, wall_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

SHORTEST_NS: Final = 1_000_000_000
"""Less than a second may be the time between two readings on a busy machine."""
_ALWAYS: Final = getattr(time, "CLOCK_BOOTTIME", None)
"""Goes on while the machine sleeps; otherwise as the monotonic one."""

gaps: Final[list[tuple[float, int]]] = []
"""(a reading of `clock`, nanoseconds that the machine had slept in all): for calls that began after that reading."""


def _slept_ns() -> int:
    """Return nanoseconds that the machine slept since it was started."""
    if _ALWAYS is None:
        return 0
    # in this order: an interruption in between makes it less, never a sleep that was none
    return time.clock_gettime_ns(_ALWAYS) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)


_before_ns: Final = max(_slept_ns() for _ in range(3))
_looked_at = clock()


def look() -> None:
    """Notice a sleep since the last look; called by the writer before it takes rows."""
    global _looked_at
    now, slept_ns = clock(), _slept_ns() - _before_ns
    if slept_ns - (gaps[-1][1] if gaps else 0) >= SHORTEST_NS:
        gaps.append((_looked_at, slept_ns))
    _looked_at = now


def moment_us(start: float) -> int:
    """Return microseconds since 1970 UTC of a reading of `clock`, with what the machine slept before it."""
    return (wall_ns(start) + next((slept_ns for since, slept_ns in reversed(gaps) if start > since), 0)) // 1000
