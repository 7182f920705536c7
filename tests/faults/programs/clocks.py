"""Makes calls while the wall clock is set: between them, during them, and across a flush.

clocks.py SECONDS...         what the clock is set to each time, compared with when the program began
"""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from accounts import account
from wall_clock import FILE, ahead, set_ahead

from curio_tracking import feature_tracker, track

SECONDS = [float(text) for text in sys.argv[1:]]
began, began_monotonic = time.time(), time.monotonic()
ahead_at_first = ahead(os.environ[FILE])


def set_clock(seconds: float) -> None:
    """Set the clock to so long after the beginning, and the time since."""
    set_ahead(os.environ[FILE], ahead_at_first + timedelta(seconds=seconds))


def shown() -> int:
    """Return by how many minutes the wall clock was set."""
    return round((time.time() - began - (time.monotonic() - began_monotonic)) / 60)


for seconds in SECONDS:
    set_clock(seconds)
    print("minutes:", shown())
    with track("after"):
        time.sleep(0.005)
    set_clock(0)
    with track("across"):
        set_clock(seconds)
        time.sleep(0.005)
        set_clock(0)
        time.sleep(0.005)
        set_clock(seconds)
    feature_tracker.flush(60)
set_clock(0)  # the next program begins where this one began
account(2 * len(SECONDS))
