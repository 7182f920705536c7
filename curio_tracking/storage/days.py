"""Days and order: the file backends keep the records of one UTC day together, so a question names days to look into.

Imports only `queries` and `records`.
"""

from __future__ import annotations

import re
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from curio_tracking.records import from_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curio_tracking.queries import RecordQuery

by_start: Final = attrgetter("start_us", "record_id")
"""The key that records are sorted by; newest first is its reverse."""
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def moment_text(microseconds: int) -> str:
    """Return ISO 8601 UTC text without a zone, the way TinyFlux writes times; what no calendar holds is cut to it."""
    try:
        return from_microseconds(microseconds).replace(tzinfo=None).isoformat()
    except OverflowError:
        return "0001-01-01T00:00:00" if microseconds < 0 else "9999-12-31T23:59:59.999999"


def day_of(microseconds: int) -> str:
    """Return the UTC day as `2026-11-22`."""
    return moment_text(microseconds)[:10]


def is_day(text: str) -> bool:
    """Whether the text is a day of the calendar, `2026-11-22`."""
    try:
        return DAY.fullmatch(text) is not None and date.fromisoformat(text) is not None
    except ValueError:
        return False


def newest_days(days: Iterable[str], query: RecordQuery) -> list[str]:
    """Return the days that can hold records in the time range of the query, newest first."""
    first = "" if query.since_us is None else day_of(query.since_us)
    last = "~" if query.until_us is None else day_of(query.until_us)
    return sorted((day for day in set(days) if first <= day <= last), reverse=True)
