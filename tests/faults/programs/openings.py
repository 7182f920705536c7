"""Opens and closes trackers again and again, and says whether descriptors, threads or trackers pile up."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref
from pathlib import Path

from accounts import account

from curio_tracking import FeatureTracker

WARMING = 10


def open_and_close(folder: Path, number: int) -> weakref.ref[FeatureTracker]:
    """Use one tracker from its beginning to its end; every tenth has nothing to do."""
    tracker = FeatureTracker(data_dir=folder, enabled=os.environ["FEATURE_TRACKING_ENABLED"])
    if number % 10:
        with tracker.track("opened"):
            pass
    tracker.close()
    account(int(bool(number % 10)), tracker)
    return weakref.ref(tracker)


def held() -> tuple[int, int]:
    """Return how many descriptors and threads the process has."""
    return len(os.listdir("/proc/self/fd")), threading.active_count()


def main(folder: Path, cycles: int) -> None:
    """Compare what is held after a few cycles with what is held after many."""
    trackers = [open_and_close(folder, number) for number in range(WARMING)]
    before = held()
    trackers += [open_and_close(folder, number) for number in range(WARMING, cycles)]
    gc.collect()
    print("nothing piles up:", held() == before, sum(one() is not None for one in trackers) <= 1)


main(Path(os.environ["FEATURE_TRACKING_DATA_DIR"]), int(sys.argv[1]))
