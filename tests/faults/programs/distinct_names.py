"""Calls features of ever new names, far more than anybody can look at. python distinct_names.py CALLS

Prints whether memory stayed where it was after the first of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from accounts import account

from curio_tracking import feature_tracker, track

CALLS = int(sys.argv[1])
FIRST = 50_000
MOST_GROWTH_KB = 60_000


def memory_kb() -> int:
    """Return the memory that this process occupies now."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * 4


for number in range(CALLS):
    with track(f"feature {number}"):
        pass
    if number % 2000 == 0:
        feature_tracker.flush(60)
    if number == FIRST:
        before = memory_kb()
print("bounded", memory_kb() - before < MOST_GROWTH_KB)
feature_tracker.flush(60)
account(CALLS)
