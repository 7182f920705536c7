"""Calendar: what time it is to retention, which removes what nobody can bring back.

A wall clock that is set ahead while the process runs makes nothing older. One that is set back does make it younger.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Calendar:
    """The earlier one of what the wall clock shows and what it would show had nobody set it."""

    def __init__(self) -> None:
        """Take the wall clock to be right at this moment."""
        self._shown = time.time()
        self._began = _gone_by()

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.fromtimestamp(min(time.time(), self._shown + _gone_by() - self._began), UTC)


def _gone_by() -> float:
    """Return seconds of a clock that nobody sets; the best of them goes on while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
