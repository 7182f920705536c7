"""From calls to acknowledged records on disk: records per second and CPU per record, the default backend and settings.

The caller waits for the writer whenever the buffer is half full, so no call is folded: every record is written in full.
"""

from __future__ import annotations

import json
import random
import resource
import sys
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter, process_time, sleep
from types import FunctionType
from typing import TYPE_CHECKING, Any

from measuring import ask as run_part

from curio_tracking import FeatureCategory, FeatureTracker, tracking_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Request: TypeAlias = tuple[dict[str, str], list[tuple[int, tuple[Any, ...]]]]
    """The context of some calls, and for each the number of the feature and its arguments."""

QUICK = "--quick" in sys.argv
CALLS = 10_000 if QUICK else 300_000


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


if __name__ == "__main__":
    folder = Path(mkdtemp())
    figures = measure(folder / "data")
    # in a process of its own: what the others import is not the host's memory
    figures |= run_part("disk_comparisons", folder / "data", *sys.argv[1:])
    print(json.dumps(figures))
