"""Runs greenlets in a process whose threads, locks and sleeps gevent has replaced: before or after our import.

python greenlets.py first|late
"""

from __future__ import annotations

import sys

if sys.argv[1] == "late":
    from accounts import account

    from curio_tracking import feature_tracker, track_feature

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402 - patched from here on
import threading  # noqa: E402
import time  # noqa: E402

import gevent  # noqa: E402

if sys.argv[1] == "first":
    from accounts import account

    from curio_tracking import feature_tracker, track_feature


@track_feature("work")
def work(number: int) -> int:
    """Wait as a request does, and return the number or raise."""
    time.sleep(0.001)
    if number % 10 == 9:
        raise ValueError(number)
    return number


def attempt(number: int) -> object:
    """Return what comes out."""
    try:
        return work(number)
    except ValueError as error:
        return str(error)


print([one.get() for one in [gevent.spawn(attempt, number) for number in range(300)]])
thread = threading.Thread(target=attempt, args=(1,))
thread.start()
thread.join()
assert feature_tracker.flush(60) or os.environ["FEATURE_TRACKING_ENABLED"] == "false"
child = os.fork()
if child == 0:
    attempt(2)
    account(1)
    sys.exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
attempt(3)
account(302)
sys.exit(4)
