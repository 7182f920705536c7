"""Goes down to the very limit of the interpreter's recursion and calls something there.

python recursion.py STATE ENDING; prints what came out for each of the last frames before the limit.
"""

from __future__ import annotations

import inspect
import sys

from curio_tracking import FeatureTracker, feature_tracker

STATE, ENDING = sys.argv[1:3]
DEPTHS = range(40, 90)
ROOM = 80


class Refused(Exception):
    """What the called function raises."""


def leaf(number: int) -> int:
    """Return or raise, without any call."""
    if ENDING == "raises":
        raise Refused
    return number


is_tracked = feature_tracker._collector.switches.enabled
tracker = FeatureTracker(backend="memory", flush_seconds=3600) if is_tracked else feature_tracker


def wrapped(number: int) -> int:
    """Stand for the wrapper: one frame more, that is all it may cost."""
    return leaf(number)


called = tracker.track_feature("leaf")(leaf) if is_tracked else wrapped


def down(depth: int) -> int:
    """Call it so many frames further down."""
    return called(depth) if depth == 0 else down(depth - 1)


def outcome(depth: int) -> str:
    """Return what comes out at one depth."""
    if is_tracked and STATE == "full":
        tracker._collector.buffer.queue_size = tracker._collector.buffer.limit = 0
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(BASE + ROOM)
    try:
        return str(down(depth))
    except (Refused, RecursionError) as error:
        return type(error).__name__
    finally:
        sys.setrecursionlimit(before)


if STATE != "first":
    try:
        called(0)
    except Refused:
        pass
BASE = len(inspect.stack())
found = [outcome(depth) for depth in DEPTHS]
reached = "Refused" if ENDING == "raises" else "0"
print(found, found.count(reached))
made = found.count(reached) + (STATE != "first")
assert found.count(reached) > 0
assert found.count("RecursionError") > 0
if is_tracked:
    health = tracker.health()
    # a call that is so deep that nothing can be called is counted, if only as dropped
    assert health["recorded"] >= made, (health, made)
