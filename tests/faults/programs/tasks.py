"""Calls from sixteen threads, and from tasks that are cancelled, fail together, time out or close generators early."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator

from accounts import account

from curio_tracking import feature_tracker, track, track_feature

made = 0


@track_feature("step")
def step(number: int) -> int:
    """Return the number."""
    return number


@track_feature("waits")
async def waits(seconds: float) -> float:
    """Wait."""
    async with track("inner"):
        await asyncio.sleep(seconds)
    return seconds


@track_feature("fails")
async def fails() -> None:
    """Fail after the others have begun."""
    await asyncio.sleep(0.01)
    raise ValueError("one of them")


@track_feature("numbers")
def numbers() -> Iterator[int]:
    """Yield without end."""
    number = 0
    while True:
        yield (number := number + 1)


@track_feature("stream")
async def stream() -> AsyncIterator[int]:
    """Yield without end."""
    while True:
        await asyncio.sleep(0)
        yield 1


async def tasks() -> list[object]:
    """Cancel, fail, time out, and close early; return what came of it."""
    found: list[object] = []
    cancelled = [asyncio.create_task(waits(60)) for _ in range(20)]
    await asyncio.sleep(0.01)
    for task in cancelled:
        task.cancel()
    answers = await asyncio.gather(*cancelled, return_exceptions=True)
    found.append({type(answer).__name__ for answer in answers})
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(waits(60))
            group.create_task(fails())
    except* ValueError as errors:
        found.append(repr(errors))
    try:
        async with asyncio.timeout(0.01):
            await waits(60)
    except TimeoutError as error:
        found.append(repr(error))
    shown = asyncio.create_task(waits(60))
    try:
        await asyncio.wait_for(shown, 0.01)
    except TimeoutError:
        found.append(shown.cancelled())
    async for _ in stream():
        break
    found += await asyncio.gather(*(waits(0) for _ in range(10)))
    return found


def threads() -> None:
    """Call from many threads at once."""
    running = [threading.Thread(target=lambda: [step(number) for number in range(10_000)]) for _ in range(16)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


if sys.argv[1] == "threads":
    threads()
    made = 160_000
else:
    print(asyncio.run(tasks()))
    for number in numbers():
        if number == 3:
            break
    made = 2 * (20 + 10 + 1 + 1 + 10) + 1 + 1 + 1
feature_tracker.flush(60)
account(made)
