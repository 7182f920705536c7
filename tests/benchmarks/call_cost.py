"""What one tracked call adds to a call, in nanoseconds, on the host's thread.

Each figure is the 5th percentile of many short bursts, less the same loop over the undecorated function: a burst is
shorter than the flush interval, so neither the writer's work nor a descheduling is counted as the call's. The rows are
cleared between bursts, outside of the timing.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import Callable
from tempfile import mkdtemp
from time import perf_counter
from typing import Any

from prometheus_client import Histogram

from curio_tracking import FeatureCategory, FeatureTracker

BURST = 90
ROUNDS = 200 if "--quick" in sys.argv else 4000


def nanoseconds(loop: Callable[[int], None], clear: Callable[[], None] = lambda: None) -> float:
    """Return the time of one pass of the loop's body."""
    for _ in range(30):
        loop(BURST)
        clear()
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        loop(BURST)
        times.append(perf_counter() - start)
        clear()
    times.sort()
    return times[len(times) // 20] / BURST * 1e9


def function(prompt: str, items: list[int]) -> str:
    return prompt


def calling(target: Callable[..., Any]) -> Callable[[int], None]:
    def loop(count: int) -> None:
        for _ in range(count):
            target("abc", [1, 2])

    return loop


def empty(count: int) -> None:
    for _ in range(count):
        pass


def floor() -> float:
    rows: deque[float] = deque()

    def loop(count: int) -> None:
        clock, push = perf_counter, rows.append
        for _ in range(count):
            clock()
            push(clock())

    return nanoseconds(loop, rows.clear) - nanoseconds(empty)


def tracker(**settings: Any) -> tuple[FeatureTracker, Callable[[], None]]:
    """Return a tracker whose buffer takes a burst without waking its writer, and what empties the buffer."""
    made = FeatureTracker(
        data_dir=mkdtemp(), backend="memory", flush_interval=1_000_000, flush_seconds=3600, **settings
    )
    made.track_feature("warm-up")(lambda: None)()
    made.flush()
    return made, made._collector.buffer.rows.clear


def tracked(**settings: Any) -> float:
    made, clear = tracker(**settings)
    target = made.track_feature("feature", FeatureCategory.AI_PROVIDER)(function)
    return nanoseconds(calling(target), clear) - BARE


def coroutine() -> float:
    made, clear = tracker()

    async def plain(prompt: str, items: list[int]) -> str:
        return prompt

    def loop_of(target: Any) -> Callable[[int], None]:
        async def main(count: int) -> None:
            for _ in range(count):
                await target("abc", [1, 2])

        runner = asyncio.new_event_loop()
        return lambda count: runner.run_until_complete(main(count))

    return nanoseconds(loop_of(made.track_feature("feature")(plain)), clear) - nanoseconds(loop_of(plain))


def block() -> float:
    made, clear = tracker()

    def loop(count: int) -> None:
        for _ in range(count):
            with made.track("feature"):
                pass

    return nanoseconds(loop, clear) - nanoseconds(empty)


BARE = nanoseconds(calling(function))

if __name__ == "__main__":
    histogram = Histogram("feature", "of the benchmark").time()(function)
    figures = {
        "floor": floor(),
        "on": tracked(),
        "sampled": tracked(sample_rate=0.1),
        "no_capture": tracked(capture_args="off"),
        "values": tracked(capture_args="values"),
        "resources": tracked(resources=True),
        "off": tracked(enabled=False),
        "coroutine": coroutine(),
        "block": block(),
        "prometheus": nanoseconds(calling(histogram)) - BARE,
    }
    print(json.dumps(figures))
