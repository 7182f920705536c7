"""Makes a few calls, prints what came of them on both streams, and ends with a status of its own."""

from __future__ import annotations

import sys

from accounts import account

from curio_tracking import feature_tracker, track_feature


@track_feature("plain")
def plain(number: int) -> int:
    """Return the number, or fail for the last."""
    if number == 9:
        raise ValueError(f"number {number}")
    return number


for step in range(10):
    try:
        print(plain(step))
    except ValueError as error:
        print(error, file=sys.stderr)
feature_tracker.flush(60)
account(10 if feature_tracker.health()["state"] != "off" else 0)
sys.exit(7)
