"""Queues: what running applications hold in memory comes to the store before anybody looks there.

Nobody can reach into another process; but each writes what it holds every FLUSH_SECONDS. So an erasure, or a search for
leaks, waits that long once, and says of whom it could not wait for. Knows processes by their health files alone.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.health import name_of_process
from curio_tracking.processes import known_processes

if TYPE_CHECKING:
    from pathlib import Path

MOST_SECONDS: Final = 10.0
"""How long anybody is waited for."""
LATE_SECONDS: Final = 1.0
"""How much later than it should somebody may wake and write, on a busy machine."""
_RUNNING: Final = ("starting", "running", "retrying", "silent")
_STUCK: Final = ("retrying", "silent")


def await_queues(data_dir: Path, remedy: str) -> list[str]:
    """Let every other process write what it holds now.

    Args:
        data_dir: where they write. remedy: what to do again later about those that could not be waited for.

    Returns:
        Whose records did not come for certain, a sentence each.

    Raises:
        StorageError: this user may not read the directory.
    """
    others = [one for one in known_processes(data_dir) if one["state"] in _RUNNING and one["process_id"] != os.getpid()]
    awaited = [_seconds(one) for one in others if one["state"] not in _STUCK and _seconds(one) <= MOST_SECONDS]
    if awaited:
        time.sleep(min(MOST_SECONDS, max(awaited) + LATE_SECONDS))
    return [text for one in others if (text := _not_awaited(one, remedy)) is not None]


def _seconds(process: dict[str, Any]) -> float:
    """Return how long a record that is in the buffer now may need: it waits, and is written."""
    return float((process["flush_seconds"] or 0) + (process["max_flush"] or 0))


def _not_awaited(process: dict[str, Any], remedy: str) -> str | None:
    holds = f"what {name_of_process(process)} has in memory"
    if process["state"] in _STUCK:
        return f"{holds}: its backend does not take it now; {remedy} when `doctor --processes` is content"
    if _seconds(process) > MOST_SECONDS:
        return f"{holds}: it may write only after {_seconds(process):.0f} seconds; {remedy} after that"
    return None
