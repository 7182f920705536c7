"""From calls to acknowledged records on disk: records per second and CPU per record, the default backend and settings.

The caller waits for the writer whenever the buffer is half full, so no call is folded: every record is written in full.
"""

from __future__ import annotations

import csv
import json
import random
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter, process_time, sleep
from types import FunctionType
from typing import TYPE_CHECKING, Any

from tinyflux import Point, TinyFlux

from curio_tracking import FeatureCategory, FeatureTracker, tracking_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Request: TypeAlias = tuple[dict[str, str], list[tuple[int, tuple[Any, ...]]]]
    """The context of some calls, and for each the number of the feature and its arguments."""

QUICK = "--quick" in sys.argv
CALLS = 10_000 if QUICK else 300_000
STOCK = 1_000 if QUICK else 20_000


# What is called: 50 features of five signatures, with arguments of ever other sizes, so that no cache looks too good.


def ask(prompt: str, items: list[int]) -> str:
    return prompt


def translate(text: str, source: str, target: str = "en") -> str:
    return text


def store(rows: list[int], table: str, replace: bool = False, options: dict[str, int] | None = None) -> int:
    return len(rows)


def ping() -> None:
    return None


def render(template: str) -> bytes:
    return b"page"


FUNCTIONS = (ask, translate, store, ping, render)
FEATURES = 50
REQUESTS = 2_000
CALLS_PER_REQUEST = 10


def plan_requests() -> list[Request]:
    """Return what 100 users with ten sessions each ask for, the same in every run."""
    chance = random.Random(7)
    plan = []
    for number in range(REQUESTS):
        user = chance.randrange(100)
        context = {"user_id": f"user-{user}", "session_id": f"session-{user}-{chance.randrange(10)}"}
        if number % 10 == 0:
            context["plan"] = "pro"  # custom metadata in every tenth request
        features = [chance.randrange(FEATURES) for _ in range(CALLS_PER_REQUEST)]
        plan.append((context, [(feature, arguments(feature, chance)) for feature in features]))
    return plan


def arguments(feature: int, chance: random.Random) -> tuple[Any, ...]:
    def text() -> str:
        return "x" * chance.randrange(2_000)

    def items() -> list[int]:
        return [0] * chance.randrange(500)

    made = ((text(), items()), (text(), "de"), (items(), "orders", True, {"a": 1}), (), (text(),))
    return made[feature % len(FUNCTIONS)]


def decorated(tracker: FeatureTracker) -> list[Callable[..., object]]:
    """Return the tracked functions; every tenth calls another one."""
    categories = list(FeatureCategory)
    made: list[Callable[..., object]] = []
    for feature in range(FEATURES):
        function = FUNCTIONS[feature % len(FUNCTIONS)]
        copy = FunctionType(function.__code__, globals(), function.__name__, function.__defaults__)
        decorate = tracker.track_feature(f"feature_{feature}", categories[feature % len(categories)])
        made.append(decorate(asking(made[3]) if feature % 10 == 5 else copy))
    return made


def asking(inner: Callable[[], object]) -> Callable[..., object]:
    def ask(prompt: str, items: list[int]) -> object:
        inner()
        return prompt

    return ask


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(data_dir: Path) -> dict[str, float]:
    plan = plan_requests()
    before = peak_mb()
    tracker = FeatureTracker(data_dir=data_dir, app="shop", version="1.0")
    functions = decorated(tracker)
    functions[0]("", [])
    assert tracker.flush(60)
    warm = tracker.health()["written"]
    rows = tracker._collector.buffer.rows
    wall, cpu = perf_counter(), process_time()
    for position in range(CALLS // CALLS_PER_REQUEST):
        context, calls = plan[position % REQUESTS]
        with tracking_context(**context):
            for feature, given in calls:
                functions[feature](*given)
        while len(rows) > 5000:
            sleep(0.002)
    assert tracker.flush(600)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    health = tracker.health()
    written = health["written"] - warm
    assert written >= CALLS, health
    assert not health["folded"], health
    assert not health["errors"], health
    size = sum(path.stat().st_size for path in (data_dir / "raw").rglob("*.csv"))
    return {
        "records": written,
        "seconds": wall,
        "cpu_seconds": cpu,
        "bytes": size * written / (written + warm),
        "memory_mb": peak_mb() - before,
    }


def csv_seconds(data_dir: Path, path: Path, count: float) -> float:
    """Return what the standard library's csv writer takes for so many of the same records, as rows of values."""
    tracker = FeatureTracker(data_dir=data_dir)
    rows = [list(record.as_dict().values()) for record in tracker.records(limit=10_000)]
    tracker.close()
    start = perf_counter()
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return (perf_counter() - start) * count / len(rows)


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
    figures["csv_seconds"] = csv_seconds(folder / "data", folder / "plain.csv", figures["records"])
    figures["stock_per_second"] = stock_per_second(folder / "stock.csv")
    print(json.dumps(figures))
