"""What one tracked call adds to a call, in nanoseconds and in floors, on the host's thread.

Four loops run in turn, burst by burst, because a shared machine changes its speed: over the tracked function, over the
bare one, over the floor (two clock reads and one append) and over nothing. A burst is shorter than the flush interval,
so neither the writer's work nor a descheduling counts as the call's; of many bursts the 5th percentile is taken, and
the rows are cleared in between.
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


Loop = Callable[[int], None]
FLOOR_ROWS: deque[float] = deque()


def empty(count: int) -> None:
    for _ in range(count):
        pass


def floor(count: int) -> None:
    clock, push = perf_counter, FLOOR_ROWS.append
    for _ in range(count):
        clock()
        push(clock())


def added(loop: Loop, bare: Loop, clear: Callable[[], None] = lambda: None) -> tuple[float, float]:
    """Return what one pass of `loop` takes longer than one of `bare`, as (nanoseconds, floors of the same minute)."""
    loops = (loop, bare, floor, empty)
    times: tuple[list[float], ...] = tuple([] for _ in loops)
    for round_number in range(ROUNDS + 30):
        for target, taken in zip(loops, times, strict=True):
            start = perf_counter()
            target(BURST)
            seconds = perf_counter() - start
            clear()
            FLOOR_ROWS.clear()
            if round_number >= 30:
                taken.append(seconds)
    quick, quick_bare, quick_floor, nothing = (sorted(taken)[len(taken) // 20] for taken in times)
    return (quick - quick_bare) / BURST * 1e9, (quick - quick_bare) / (quick_floor - nothing)


def function(prompt: str, items: list[int]) -> str:
    return prompt


def calling(target: Callable[..., Any]) -> Callable[[int], None]:
    def loop(count: int) -> None:
        for _ in range(count):
            target("abc", [1, 2])

    return loop


def tracker(**settings: Any) -> tuple[FeatureTracker, Callable[[], None]]:
    """Return a tracker whose buffer takes a burst without waking its writer, and what empties the buffer."""
    made = FeatureTracker(
        data_dir=mkdtemp(), backend="memory", flush_interval=1_000_000, flush_seconds=3600, **settings
    )
    made.track_feature("warm-up")(lambda: None)()
    made.flush()
    return made, made._collector.buffer.rows.clear


def tracked(**settings: Any) -> tuple[float, float]:
    made, clear = tracker(**settings)
    target = made.track_feature("feature", FeatureCategory.AI_PROVIDER)(function)
    return added(calling(target), calling(function), clear)


def coroutine() -> tuple[float, float]:
    made, clear = tracker()

    async def plain(prompt: str, items: list[int]) -> str:
        return prompt

    def loop_of(target: Any) -> Callable[[int], None]:
        async def main(count: int) -> None:
            for _ in range(count):
                await target("abc", [1, 2])

        runner = asyncio.new_event_loop()
        return lambda count: runner.run_until_complete(main(count))

    return added(loop_of(made.track_feature("feature")(plain)), loop_of(plain), clear)


def block() -> tuple[float, float]:
    made, clear = tracker()

    def loop(count: int) -> None:
        for _ in range(count):
            with made.track("feature"):
                pass

    return added(loop, empty, clear)


if __name__ == "__main__":
    histogram = Histogram("feature", "of the benchmark").time()(function)
    figures = {
        "floor": added(floor, empty),
        "on": tracked(),
        "sampled": tracked(sample_rate=0.1),
        "no_capture": tracked(capture_args="off"),
        "values": tracked(capture_args="values"),
        "resources": tracked(resources=True),
        "off": tracked(enabled=False),
        "coroutine": coroutine(),
        "block": block(),
        "prometheus": added(calling(histogram), calling(function)),
    }
    print(json.dumps(figures))
