"""Forks while the store cannot be written and the queue is full; then the store can be written again.

python fork_with_a_full_queue.py BLOCKER: a file in the place of a directory above the store.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from accounts import account

from curio_tracking import feature_tracker, track_feature

BLOCKER = Path(sys.argv[1])
LONGEST_SECONDS = 240
work = track_feature("work")(lambda number: number)
is_tracked = os.environ["FEATURE_TRACKING_ENABLED"] == "true"

BLOCKER.write_text("in the way", "utf-8")
work(0)
# not any error: the health file cannot be written either, and is tried before the size of the queue is known
while is_tracked and "backend" not in feature_tracker.health()["errors"]:
    time.sleep(0.01)
for number in range(499):
    work(number)
account(500)
child = os.fork()
if child == 0:
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
BLOCKER.unlink()
work(500)
deadline = time.monotonic() + LONGEST_SECONDS
# nobody asks for a flush: writing resumes by itself
while is_tracked and feature_tracker.health()["pending"]:
    assert time.monotonic() < deadline, feature_tracker.health()
    time.sleep(0.05)
account(501)
