"""Spans: which hours of a day a time range takes in whole, and which pieces of hours are left. Knows no file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from curio_tracking.records import to_microseconds
from curio_tracking.storage.tinyflux.rollups.cells import DAY_US, HOUR_US

if TYPE_CHECKING:
    from curio_tracking.queries import RecordQuery


class Span(NamedTuple):
    """What a time range takes of one day.

    Attributes:
        is_whole: whether all of it.
        hours: the hours since 1970 that it takes in whole.
        pieces: what is left, as (since, until) in microseconds since 1970 UTC.
        since_us, until_us: the range, cut to the day.
    """

    is_whole: bool
    hours: range
    pieces: list[tuple[int, int]]
    since_us: int
    until_us: int


def span_of(day: str, where: RecordQuery) -> Span:
    """Return what the time range of a query takes of a day."""
    begin = to_microseconds(datetime.fromisoformat(day).replace(tzinfo=UTC))
    end = begin + DAY_US
    since = begin if where.since_us is None else max(begin, where.since_us)
    until = end if where.until_us is None else min(end, where.until_us)
    if since >= until:
        return Span(False, range(0), [], since, since)
    first, last = -(-since // HOUR_US), until // HOUR_US
    if first >= last:
        return Span(False, range(0), [(since, until)], since, until)
    ends = [(since, first * HOUR_US), (last * HOUR_US, until)]
    pieces = [piece for piece in ends if piece[0] < piece[1]]
    return Span((since, until) == (begin, end), range(first, last), pieces, since, until)
