"""From calls to acknowledged records on disk: records per second and CPU per record, the default backend and settings.

The caller waits for the writer whenever the buffer is half full, so no call is folded: every record is written in full.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter, process_time, sleep

from measuring import ask

from curio_tracking import FeatureCategory, FeatureTracker, tracking_context

QUICK = "--quick" in sys.argv
CALLS = 10_000 if QUICK else 300_000


def function(prompt: str, items: list[int]) -> str:
    return prompt


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(data_dir: Path) -> dict[str, float]:
    before = peak_mb()
    tracker = FeatureTracker(data_dir=data_dir, app="shop", version="1.0")
    target = tracker.track_feature("openrouter_query", FeatureCategory.AI_PROVIDER)(function)
    target("abc", [1])
    assert tracker.flush(60)
    rows = tracker._collector.buffer.rows
    wall, cpu = perf_counter(), process_time()
    with tracking_context(user_id="user-1", session_id="session-1"):
        for _ in range(CALLS // 1000):
            for _ in range(1000):
                target("abc", [1, 2])
            while len(rows) > 5000:
                sleep(0.002)
    assert tracker.flush(600)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    health = tracker.health()
    assert health["written"] == CALLS + 1, health
    assert not health["errors"], health
    size = sum(path.stat().st_size for path in (data_dir / "raw").rglob("*.csv"))
    return {
        "records": CALLS,
        "seconds": wall,
        "cpu_seconds": cpu,
        "bytes": size * CALLS / (CALLS + 1),
        "memory_mb": peak_mb() - before,
    }


if __name__ == "__main__":
    folder = Path(mkdtemp())
    figures = measure(folder / "data")
    # in a process of its own: what the others import is not the host's memory
    figures |= ask("disk_comparisons", folder / "data", *sys.argv[1:])
    print(json.dumps(figures))
