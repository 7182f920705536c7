"""Calls in a pool of processes, each of which gives account after every piece of work.

pools.py METHOD              by which `multiprocessing` starts them
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections import Counter

from accounts import account

from curio_tracking import feature_tracker, track_feature

PIECES, CALLS = 20, 50
made: Counter[int] = Counter()
"""By process: a forked one has inherited what its parent made."""


@track_feature("work")
def work(number: int) -> int:
    """Return the number."""
    return number


def piece(first: int) -> int:
    """Make some calls and say that they are written."""
    total = sum(work(number) for number in range(first, first + CALLS))
    made[os.getpid()] += CALLS
    assert feature_tracker.flush(60) or os.environ["FEATURE_TRACKING_ENABLED"] == "false"
    account(made[os.getpid()])
    return total


if __name__ == "__main__":
    # Python 3.12 warns of forks beside threads: that of the writer is gone then, and others are not ours
    warnings.simplefilter("ignore", DeprecationWarning)
    work(0)
    made[os.getpid()] += 1
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(sum(pool.map(piece, range(0, PIECES * CALLS, CALLS), chunksize=1)))
        pool.close()
        pool.join()
    feature_tracker.flush(60)
    account(made[os.getpid()])
    sys.exit(7)
