"""Days: which of them are counted in the table `totals`, and which records a question must still read.

A row of the table `days` says of a UTC day that its totals count all of its records up to the id `through_id`. While
these records are there, totals are a cache; once retention has removed them (`is_retired`), totals are what is left.
`is_complete` is 0 as soon as records came that are not counted; they are read beside the totals.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from curio_tracking_sqlite.cells import SKETCHES
from curio_tracking_sqlite.texts import clamped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from curio_tracking.queries import RecordQuery

DAY_US: Final = 86_400_000_000
FIRST_US: Final = clamped(-(10**30))
LAST_US: Final = clamped(10**30)


@dataclass(frozen=True, slots=True)
class Day:
    """A counted day.

    Attributes:
        number: days since 1970 UTC.
        through_id: the last record that is counted.
        is_complete: whether there are no further records of that day.
        is_retired: whether the counted records are gone.
        is_readable: whether the sketches are those of the installed Curio Tracking.
        revision: another one whenever the totals are.
    """

    number: int
    through_id: int
    is_complete: bool
    is_retired: bool
    is_readable: bool = True
    revision: bytes = b""

    @property
    def since_us(self) -> int:
        """The first microsecond."""
        return self.number * DAY_US

    @property
    def until_us(self) -> int:
        """The first microsecond of the next day."""
        return self.since_us + DAY_US


class Span(NamedTuple):
    """Records that are to be read: `since_us <= start < until_us`, with an id above `after_id`."""

    since_us: int
    until_us: int
    after_id: int = -1


class Plan(NamedTuple):
    """How a question is answered: out of the totals of some days, and out of the records of some spans."""

    days: list[Day]
    spans: list[Span]


def counted_days(connection: sqlite3.Connection) -> list[Day]:
    """Return the counted days, oldest first."""
    rows = connection.execute(
        "SELECT day, through_id, is_complete, is_retired, sketches, revision FROM days ORDER BY day"
    )
    return [
        Day(day, through_id, bool(is_complete), bool(is_retired), sketches == SKETCHES, revision)
        for day, through_id, is_complete, is_retired, sketches, revision in rows
    ]


def new_revision() -> bytes:
    """Return a revision that no totals have had before."""
    return os.urandom(8)


def note_late(connection: sqlite3.Connection, starts_us: Iterable[int]) -> None:
    """Note of the days of new records that their totals do not count all of them."""
    days = {start_us // DAY_US for start_us in starts_us}
    connection.executemany("UPDATE days SET is_complete = 0 WHERE day = ? AND is_complete", [(day,) for day in days])


def plan_of(query: RecordQuery, days: list[Day]) -> Plan:
    """Return how a question about a time range is answered.

    Args:
        query: without users and records.
        days: the counted days, oldest first.
    """
    since_us = FIRST_US if query.since_us is None else clamped(query.since_us)
    until_us = LAST_US if query.until_us is None else clamped(query.until_us)
    plan = Plan([], [])
    begin = since_us
    for day in days:
        if day.until_us <= since_us or day.since_us >= until_us or not _is_counted(day, since_us, until_us):
            continue
        plan.days.append(day)
        if begin < day.since_us:
            plan.spans.append(Span(begin, day.since_us))
        if not day.is_complete:
            plan.spans.append(Span(max(day.since_us, since_us), min(day.until_us, until_us), day.through_id))
        begin = day.until_us
    if begin < until_us:
        plan.spans.append(Span(begin, until_us))
    return plan


def _is_counted(day: Day, since_us: int, until_us: int) -> bool:
    """Whether the day's totals count: of a piece of a day, the records are read as long as they are there."""
    return day.is_retired or (day.is_readable and since_us <= day.since_us and day.until_us <= until_us)
