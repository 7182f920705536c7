"""A tracked application that hands canaries to the tracker in every way that an application can.

    python bird_host.py END [FILTER ...]

Reads the canaries as JSON from stdin, so that they stand on no command line. END is how it ends: `exit`, `kill` (it
goes on until it is killed) or `wait` (for a disk that is full, and then for the end of stdin); it prints "ready" when
everything was said. The filters are taken out first, to show what comes through without them.
"""

from __future__ import annotations

import json
import logging
import os
import sys

from bird_places import PLACES, Birds

from curio_tracking import feature_tracker, track_feature
from curio_tracking.privacy import redact
from curio_tracking.privacy.anonymize import Anonymize
from curio_tracking.privacy.exclude import Exclude
from curio_tracking.privacy.redact import Redact

FILTERS = {"anonymize": Anonymize, "exclude": Exclude, "redact": Redact}
ENDS = "cut ends"
"""Of `redact` the part that takes the last word off a text of which only the beginning was kept."""
ROUNDS = 12
"""Staging keeps a tenth of the successes."""


def take_out(name: str) -> None:
    """Let a filter, or a part of one, do nothing."""
    if name == ENDS:
        redact.without_cut_end = lambda text: text
    else:
        FILTERS[name].apply = lambda _self, record: record  # type: ignore[method-assign]


def say_everything(birds: Birds) -> None:
    """Do once, at every place, what an application does there."""

    @track_feature(birds.excluded)
    def hush() -> None: ...

    hush()
    for place in PLACES:
        try:
            place(birds)
        except Exception:
            pass


def main(end: str, *without: str) -> None:
    """Run."""
    for name in without:
        take_out(name)
    logging.basicConfig(filename=os.environ["BIRD_LOG"], level=logging.DEBUG)
    birds = Birds(**json.loads(sys.stdin.readline()))
    for _ in range(ROUNDS):
        say_everything(birds)
    while end == "wait" and not feature_tracker.health()["errors"].get("backend"):
        feature_tracker.flush(0.1)  # which the disk refuses soon
    feature_tracker.flush(10 if end != "wait" else 0.1)
    logging.getLogger("curio_tracking").debug("health: %s", feature_tracker.health())
    print("ready", flush=True)
    while end == "kill":
        say_everything(birds)
    if end == "wait":
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
