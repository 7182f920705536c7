"""CPU time and memory of the current thread and process, for RESOURCES=true."""

from __future__ import annotations

import sys
from time import thread_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

try:
    from resource import RUSAGE_SELF, getrusage
except ImportError:  # Windows has no resource module: CPU time only
    getrusage = None  # type: ignore[assignment]

_UNIT: Final = 1 if sys.platform == "darwin" else 1024


def usage() -> tuple[float, int]:
    """Return (CPU seconds of this thread, peak resident bytes of this process).

    The peak only grows: the difference of two readings is what a call added to the highest memory so far, 0 for a
    call that fitted into what the process had used before.
    """
    return thread_time(), getrusage(RUSAGE_SELF).ru_maxrss * _UNIT if getrusage is not None else 0
