"""Moments: the start with which a row begins, as microseconds.

Two forms count, those that TinyFlux writes: with six digits of a second, and without any. Whatever else Python could
read as a time would not be sorted among other rows where its time belongs, and so hide them from a reader that skips by
time. Uses only `records`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from curio_tracking.records import to_microseconds

TIME_LENGTH: Final = len("2026-11-22T15:47:14.123456")
SECOND_LENGTH: Final = len("2026-11-22T15:47:14")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?", re.ASCII)


@lru_cache(maxsize=4096)
def _second_us(second: str) -> int:
    return to_microseconds(datetime.fromisoformat(second).replace(tzinfo=UTC))


def moment_us(time: str) -> int:
    """Return a time that is in one of the two forms, microseconds since 1970 UTC.

    Raises:
        ValueError: no calendar has it.
    """
    if len(time) != TIME_LENGTH:
        return _second_us(time)
    return _second_us(time[:SECOND_LENGTH]) + int(time[SECOND_LENGTH + 1 :])


def checked_time(text: str) -> str:
    """Return a time as it is.

    Raises:
        ValueError: it is in neither form.
    """
    if _TIME.fullmatch(text) is None:
        raise ValueError("this is no time of a row")
    return text


def time_us(line: bytes) -> int:
    """Return the start that a row begins with, microseconds since 1970 UTC.

    Raises:
        ValueError: the line does not begin with a time.
    """
    return moment_us(checked_time(line[: TIME_LENGTH + 1].partition(b",")[0].decode()))
