"""From calls to acknowledged records on disk: records per second and CPU per record, the default backend and settings.

The caller waits for the writer whenever the buffer is half full, so no call is folded: every record is written in full.
"""

from __future__ import annotations

import csv
import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter, process_time, sleep

from tinyflux import Point, TinyFlux

from curio_tracking import FeatureCategory, FeatureTracker, tracking_context

QUICK = "--quick" in sys.argv
CALLS = 10_000 if QUICK else 300_000
STOCK = 1_000 if QUICK else 20_000


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


def csv_seconds(data_dir: Path, path: Path) -> float:
    """Return what the standard library's csv writer takes for the same records, as rows of values."""
    tracker = FeatureTracker(data_dir=data_dir)
    rows = [list(record.as_dict().values()) for record in tracker.records(limit=10_000)]
    tracker.close()
    start = perf_counter()
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return (perf_counter() - start) * CALLS / len(rows)


def stock_per_second(path: Path) -> float:
    """Return the rate of stock TinyFlux with the batches that the writer uses."""
    points = [
        Point(
            time=datetime.now(UTC),
            measurement="openrouter_query",
            tags={
                "category": "ai_provider",
                "status": "success",
                "user_id": "1:" + "6f" * 16,
                "record_id": f"{n:032x}",
            },
            fields={"duration": 0.001, "input_size": 5, "output_size": 3, "iterations": 1},
        )
        for n in range(STOCK)
    ]
    store = TinyFlux(path)
    start = perf_counter()
    for position in range(0, STOCK, 50):
        store.insert_multiple(points[position : position + 50])
    return STOCK / (perf_counter() - start)


if __name__ == "__main__":
    folder = Path(mkdtemp())
    figures = measure(folder / "data")
    figures["csv_seconds"] = csv_seconds(folder / "data", folder / "plain.csv")
    figures["stock_per_second"] = stock_per_second(folder / "stock.csv")
    print(json.dumps(figures))
