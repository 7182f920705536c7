"""Makes calls while its wall clock is set: between calls, within a call, and between calls and their flush.

Arguments: MOMENT [MOMENT|SECONDS|asleep=SECONDS]..., what the clock is set to, or how long to pause, or how long the
machine sleeps, in the middle of a call and before another one. It begins at the first.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

CLOCK, STEPS = Path(os.environ["WALL_CLOCK"]), sys.argv[1:]
PAUSE = 0.3
LONGEST_SECONDS = 60


def set_clock(moment: str) -> None:
    """Let the wall clock show another time from now on."""
    with CLOCK.open("r+b", buffering=0) as file:
        before = int.from_bytes(file.read(8), sys.byteorder, signed=True)
        shift = round(datetime.fromisoformat(moment).timestamp() * 1e9) - (time.time_ns() - before)
        file.seek(0)
        file.write(shift.to_bytes(8, sys.byteorder, signed=True))


set_clock(STEPS[0])

from accounts import account  # noqa: E402 - the clock is wrong before the program begins

from curio_tracking import feature_tracker, track, tracking_context  # noqa: E402


def call() -> None:
    """Make one call of some milliseconds."""
    with track("inner"):
        time.sleep(0.005)


def calls_at(moment: str) -> None:
    """Set the clock, and make three calls; set it back and forward in one of them, and before they are written."""
    set_clock(moment)
    seconds = datetime.fromisoformat(moment).timestamp()
    assert 0 <= time.time() - seconds < LONGEST_SECONDS, "the clock was not set"
    print(datetime.fromtimestamp(int(seconds), UTC).isoformat(), time.strftime("%H:%M", time.localtime(seconds)))
    call()
    with tracking_context(user_id="ada"), track("across"):
        set_clock(STEPS[0])
        call()
        set_clock(moment)
    set_clock(STEPS[0])
    assert feature_tracker.flush(60) or os.environ["FEATURE_TRACKING_ENABLED"] == "false"
    set_clock(moment)


def calls_around_a_sleep(seconds: float) -> None:
    """Let the machine sleep: two clocks go on meanwhile, and the one that is not set by anybody is not told."""
    with track("through the night"):
        time.sleep(PAUSE)  # the tracker looks for sleeps now and then
        with CLOCK.open("r+b", buffering=0) as file:
            both = [int.from_bytes(file.read(8), sys.byteorder, signed=True) + round(seconds * 1e9) for _ in range(2)]
            file.seek(0)
            file.write(b"".join(one.to_bytes(8, sys.byteorder, signed=True) for one in both))
    with track("in the morning"):
        pass
    feature_tracker.flush(60)


made = 0
for step in STEPS:
    if step.startswith("asleep="):
        calls_around_a_sleep(float(step.removeprefix("asleep=")))
        made += 2
    elif "T" in step:
        calls_at(step)
        made += 3
    else:
        time.sleep(float(step))
account(made)
