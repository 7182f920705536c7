"""The story of the demo: several users, each with a plan and a session, use the areas of the application.

Returns what was really done, counted without the tracker, so that the command can compare it with what was recorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from curio_tracking import tracking_context
from curio_tracking.demo import (
    agents,
    arithmetic,
    assistant,
    configuration,
    database,
    files,
    mcp,
    sysmon,
    terminal,
    web,
)
from curio_tracking.demo.tally import Tally

Area = Callable[[Path, Tally], None]
"""Uses one part of the application. The folder is the user's own and is named after the user."""

EVERYDAY: Final[tuple[Area, ...]] = (files.use, web.use, assistant.use, configuration.use)
OFFICE: Final[tuple[Area, ...]] = (*EVERYDAY, database.use, arithmetic.use)
EVERYTHING: Final[tuple[Area, ...]] = (*OFFICE, agents.use, mcp.use, terminal.use, sysmon.use)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who uses the application."""

    user_id: str
    plan: str
    areas: tuple[Area, ...]


USERS: Final = (
    User("ada", "pro", EVERYTHING),
    User("grace", "pro", EVERYTHING),
    User("barbara", "team", OFFICE),
    User("alan", "free", EVERYDAY),
)


@dataclass(frozen=True, slots=True)
class DemoRun:
    """What one run of the demo did.

    Attributes:
        calls: how often each (feature, status) really happened, counted by the demo itself.
        users: the plain ids of those who did it.
        seconds: how long it took.
        problems: areas that could not do their work on this machine, and why; normally none.
    """

    calls: Mapping[tuple[str, str], int]
    users: tuple[str, ...]
    seconds: float
    problems: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many calls there were."""
        return sum(self.calls.values())


def tell(folder: Path) -> DemoRun:
    """Let every user use their areas; files are written in `folder` only.

    Args:
        folder: an existing, empty folder, best a temporary one.
    """
    tally, problems, started = Tally(), [], time.monotonic()
    for user in USERS:
        home = folder / user.user_id
        home.mkdir()
        with tracking_context(user_id=user.user_id, session_id=f"{user.user_id}-{time.time_ns():x}", plan=user.plan):
            for area in user.areas:
                problem = visit(area, home, tally)
                if problem:
                    problems.append(problem)
    seconds = time.monotonic() - started
    return DemoRun(dict(tally.calls), tuple(user.user_id for user in USERS), seconds, tuple(problems))


def visit(area: Area, home: Path, tally: Tally) -> str | None:
    """Use one area; say why if the machine does not allow it (no loopback interface, no processes, a full disk)."""
    try:
        area(home, tally)
    except Exception as error:
        return f"{area.__module__.rpartition('.')[2]}: {type(error).__name__}: {error}"
    return None
