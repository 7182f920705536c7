"""How long a tracked call takes while its backend is dead, hangs, or works; call by call, in microseconds.

Calls come without a pause, so the buffer is soon full and most are folded: the slow path. Prints the 50th and the 99th
percentile and the longest call of each way. The clock's own cost is in the figures. What another program on the machine
takes is, too; with the bare function beside it, it shows.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

from curio_tracking import FeatureTracker

CALLS = 5_000 if "--quick" in sys.argv else 200_000
PLUGIN = """
import threading
from curio_tracking import hookimpl
from curio_tracking.interfaces import BaseBackend

class Bad(BaseBackend):
    def records(self, query): return iter(())
    def delete(self, query): return 0

class Dead(Bad):
    def append(self, records): raise OSError(5, "Input/output error")

class Hung(Bad):
    def append(self, records): threading.Event().wait()

@hookimpl
def curio_register_backends(register):
    register("dead", lambda settings: Dead())
    register("hung", lambda settings: Hung())
"""


def function(prompt: str, items: list[int]) -> str:
    return prompt


def times(call: Callable[[], object]) -> dict[str, float]:
    """Return percentiles of the time of one call, in microseconds."""
    taken = []
    for _ in range(CALLS):
        start = perf_counter()
        call()
        taken.append(perf_counter() - start)
    taken.sort()
    return {
        "p50": taken[len(taken) // 2] * 1e6,
        "p99": taken[len(taken) * 99 // 100] * 1e6,
        "max": taken[-1] * 1e6,
    }


def tracked(backend: str) -> dict[str, float]:
    tracker = FeatureTracker(data_dir=mkdtemp(), backend=backend, exit_timeout=0.0)
    target = tracker.track_feature("feature")(function)
    target("abc", [1, 2])
    tracker.flush(1.0)
    return times(lambda: target("abc", [1, 2]))


def with_metadata(backend: str) -> dict[str, float]:
    tracker = FeatureTracker(data_dir=mkdtemp(), backend=backend, exit_timeout=0.0)
    text = "x" * 10_000_000

    def call() -> None:
        with tracker.track("feature", document=text):
            pass

    call()
    tracker.flush(1.0)
    return times(call)


if __name__ == "__main__":
    folder = Path(mkdtemp())
    folder.chmod(0o700)
    (folder / "bad_backends_plugin.py").write_text(PLUGIN)
    os.environ["FEATURE_TRACKING_PLUGINS_DIR"] = str(folder)
    figures = {
        "bare": times(lambda: function("abc", [1, 2])),
        "works": tracked("tinyflux"),
        "dead": tracked("dead"),
        "hung": tracked("hung"),
        "hung, 10 MB of metadata": with_metadata("hung"),
    }
    print(json.dumps(figures))
