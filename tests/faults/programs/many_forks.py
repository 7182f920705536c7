"""Forks again and again while threads call, ask for health, flush and log: whatever lock there is, somebody holds it.

python many_forks.py FORKS. Every twentieth child works and ends by itself, the others are gone at once.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from pathlib import Path

from accounts import account

from curio_tracking import feature_tracker, track_feature

FORKS = int(sys.argv[1])
AT_ONCE = 4
# Python 3.12 warns of forks beside threads: these are the program's own
warnings.simplefilter("ignore", DeprecationWarning)


class Nowhere:
    """A stream without a buffer: the interpreter does not renew the lock of one in a child."""

    def write(self, text: str) -> None:
        """Take the text."""

    def flush(self) -> None:
        """Do nothing."""


logging.basicConfig(stream=Nowhere(), level=logging.INFO)
work = track_feature("work")(lambda number: number)
stop = threading.Event()
made = [0, 0]


def call(place: int) -> None:
    """Call until told to stop, with breaks in which others come to their turn."""
    while not stop.wait(0.001):
        for number in range(5):
            work(number)
            made[place] += 1


def hold_locks() -> None:
    """Be in the middle of something whenever a fork comes."""
    while not stop.wait(0.001):
        feature_tracker.health()
        feature_tracker.flush(0.05)
        logging.getLogger("curio_tracking").info("a line")


def child(number: int) -> None:
    """Work and give account, or just end."""
    if number % 20:
        os._exit(number % 7)
    for step in range(3):
        work(step)
    assert feature_tracker.flush(60) or os.environ["FEATURE_TRACKING_ENABLED"] == "false"
    account(3)
    sys.exit(number % 7)


threads = [threading.Thread(target=call, args=(place,)) for place in range(2)] + [threading.Thread(target=hold_locks)]
for thread in threads:
    thread.start()
running: dict[int, int] = {}
statuses = []
for number in range(FORKS):
    process = os.fork()
    if process == 0:
        child(number)
    running[process] = number
    while len(running) >= AT_ONCE or (running and number == FORKS - 1):
        ended, status = os.wait()
        statuses.append((running.pop(ended), os.waitstatus_to_exitcode(status)))
stop.set()
for thread in threads:
    thread.join()
print(len(statuses), all(status == number % 7 for number, status in statuses))
Path(sys.argv[2]).write_text(str(sum(made)), "utf-8")
feature_tracker.flush(60)
account(sum(made))
