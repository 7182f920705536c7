"""Configures the tracker, calls, and forks: every second call is dropped by a filter, on both sides."""

from __future__ import annotations

import os
import sys

from accounts import account

from curio_tracking import feature_tracker, track_feature

if os.environ["FEATURE_TRACKING_ENABLED"] == "true":
    feature_tracker.configure(failures_only=True)


@track_feature("work")
def work(number: int) -> int:
    """Return the number, if it is even."""
    if number % 2:
        raise ValueError(number)
    return number


def many(count: int) -> None:
    """Call so often and give account."""
    for number in range(count):
        try:
            work(number)
        except ValueError:
            continue
    feature_tracker.flush(60)
    account(count)


many(100)
child = os.fork()
if child == 0:
    many(10)
    sys.exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
