"""A host with a tracked function, that does what it is told on standard input and says what came of it.

python host.py DATA_DIR

    call N     call the function N times; prints what came out. Whether every call is accounted for is checked meanwhile
    flush S    prints whether all that was recorded is acknowledged, after so many seconds at most
    health -   prints the counters as JSON
    limit N    let no file grow beyond N bytes
    end N      exit with status N
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

from curio_tracking import FeatureTracker

IS_TRACKED = os.environ.get("FEATURE_TRACKING_ENABLED") != "false"
CHECKED_EVERY = 20
tracker = FeatureTracker(data_dir=Path(sys.argv[1]))
made = 0


@tracker.track_feature("work", "other")
def work(number: int) -> int:
    """Return the square, but for every tenth number."""
    if number % 10 == 9:
        raise ValueError(f"number {number}")
    return number * number


def call(count: int) -> str:
    """Call `count` times and return what came out."""
    global made
    results: list[object] = []
    for number in range(count):
        try:
            results.append(work(number))
        except ValueError as error:
            results.append(str(error))
        made += 1
        if IS_TRACKED and number % CHECKED_EVERY == 0:
            check()
    return repr(hash(tuple(map(str, results))))


def check() -> None:
    """Check that every call so far is accounted for."""
    health = tracker.health()
    accounted = health["written"] + health["folded"] + health["pending"] + sum(health["dropped"].values())
    assert health["recorded"] == accounted == made, (made, health)


def obey(order: str, argument: str) -> str:
    """Do one thing and return what to print."""
    if order == "call":
        return call(int(argument))
    if order == "flush":
        return str(tracker.flush(float(argument)))
    if order == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(argument), resource.RLIM_INFINITY))
    if order == "end":
        sys.exit(int(argument))
    check()
    return json.dumps(tracker.health())


for line in sys.stdin:
    print(obey(*line.split()), flush=True)
