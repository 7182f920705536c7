"""AGENT_PLATFORM: three agents hand work to each other through queues, with helpers in a thread pool.

Shows coroutines, nesting (every task is a child of its crew's run) and contexts that follow work into threads.
"""

from __future__ import annotations

import asyncio
import contextvars
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from curio_tracking import FeatureCategory, track, track_feature

if TYPE_CHECKING:
    from pathlib import Path

    from curio_tracking.demo.tally import Tally

TOPICS: Final = ("queues", "locks", "tasks", "threads")
DEADLINE_SECONDS: Final = 0.05


@track_feature("research_topic", FeatureCategory.AGENT_PLATFORM)
async def research_topic(topic: str) -> str:
    """Collect notes; other agents run while this one waits."""
    await asyncio.sleep(0.005 * len(topic))
    return " ".join(f"{topic}-{number}" for number in range(2_000))


@track_feature("write_article", FeatureCategory.AGENT_PLATFORM)
async def write_article(notes: str) -> str:
    """Turn notes into an article.

    Raises:
        ValueError: there is nothing to write about.
    """
    await asyncio.sleep(0)
    if not notes:
        raise ValueError("no notes, no article")
    return ". ".join(sorted(set(notes.split())))


@track_feature("archive_article", FeatureCategory.AGENT_PLATFORM, target_seconds=0.01)
def archive_article(article: str) -> bytes:
    """Pack an article; works in a thread of the pool."""
    return zlib.compress(article.encode("utf-8"), level=9)


@track_feature("await_editor", FeatureCategory.AGENT_PLATFORM)
async def await_editor() -> None:
    """Wait for an editor who is on holiday.

    Raises:
        TimeoutError: after the deadline.
    """
    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.Event().wait()


async def researcher(topics: tuple[str, ...], notes: asyncio.Queue[str | None], tally: Tally) -> None:
    """Research all topics at once and pass on whatever is ready first; None says that this was all."""
    for ready in asyncio.as_completed([research_topic(topic) for topic in topics]):
        await notes.put(await ready)
        tally.count("research_topic")
    await notes.put(None)


async def writer(notes: asyncio.Queue[str | None], articles: asyncio.Queue[str | None], tally: Tally) -> None:
    """Write one article per note."""
    while (note := await notes.get()) is not None:
        await articles.put(await write_article(note))
        tally.count("write_article")
    await articles.put(None)


async def archivist(articles: asyncio.Queue[str | None], pool: ThreadPoolExecutor, tally: Tally) -> int:
    """Pack the articles in the pool and return the bytes that they take."""
    packed = 0
    while (article := await articles.get()) is not None:
        # copy_context: the thread then knows which user and which run it works for
        call = contextvars.copy_context().run
        packed += len(await asyncio.get_running_loop().run_in_executor(pool, call, archive_article, article))
        tally.count("archive_article")
    return packed


async def run_crew(topics: tuple[str, ...], tally: Tally) -> int:
    """Let the three agents work at the same time and return the bytes archived."""
    notes: asyncio.Queue[str | None] = asyncio.Queue(maxsize=2)
    articles: asyncio.Queue[str | None] = asyncio.Queue(maxsize=2)
    async with track("run_crew", FeatureCategory.AGENT_PLATFORM) as run:
        with ThreadPoolExecutor(max_workers=2) as pool:
            jobs = (researcher(topics, notes, tally), writer(notes, articles, tally), archivist(articles, pool, tally))
            packed = (await asyncio.gather(*jobs))[-1]
        run.iterations = len(topics)
        run.output_size = packed
        run.add_metadata(agents=len(jobs))
    tally.count("run_crew")
    return packed


async def work(tally: Tally) -> None:
    """Run the crew, then the two tasks that cannot end well."""
    await run_crew(TOPICS, tally)
    with tally.failing("write_article", ValueError):
        await write_article("")
    with tally.failing("await_editor", TimeoutError, "timeout"):
        await await_editor()


def use(_folder: Path, tally: Tally) -> None:
    """Do the agents' work in an event loop of their own."""
    asyncio.run(work(tally))
