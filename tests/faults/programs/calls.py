"""Calls while its backend is at fault, and after that is mended. python calls.py mended|slow|dead|outage

Prints results, an exception and lines of its own on both streams, and ends with a status of its own.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from accounts import account

from curio_tracking import feature_tracker, track_feature

ENDING = sys.argv[1]
CALLS = 200
LONGEST_SECONDS = 240
OUTAGE_SECONDS = 125
is_tracked = os.environ["FEATURE_TRACKING_ENABLED"] == "true"


@track_feature("work")
def work(number: int) -> int:
    """Return the number, or fail for every tenth."""
    if number % 10 == 9:
        raise ValueError(f"number {number}")
    return number


def many() -> None:
    """Call a number of times and print what came out."""
    found = []
    for number in range(CALLS):
        try:
            found.append(str(work(number)))
        except ValueError as error:
            found.append(repr(error))
    print(hash(tuple(found)))


many()
print("a line of the program's own", file=sys.stderr)
if ENDING != "slow":
    deadline = time.monotonic() + LONGEST_SECONDS
    while is_tracked and not Path(os.environ["FAILED"]).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
account(CALLS)
made = CALLS
if ENDING == "outage":
    for _ in range(OUTAGE_SECONDS):
        many()
        made += CALLS
        if is_tracked:
            time.sleep(1)
if ENDING in ("mended", "outage") and is_tracked:
    Path(os.environ["MENDED"]).write_text("", "utf-8")
many()
made += CALLS
if ENDING == "outage":
    # nobody asks for anything: it has to come back by itself
    deadline = time.monotonic() + LONGEST_SECONDS
    while is_tracked and feature_tracker.health()["pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
elif ENDING != "dead":
    assert feature_tracker.flush(LONGEST_SECONDS) or not is_tracked
account(made)
sys.exit(7)
