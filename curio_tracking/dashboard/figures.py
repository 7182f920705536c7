"""Numbers and times as people read them; what is not known is a dash, never a zero.

Used by every template; imports nothing of the project but records.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from curio_tracking.records import from_microseconds, to_microseconds

if TYPE_CHECKING:
    from datetime import datetime

UNKNOWN: Final = "\N{EN DASH}"
_AGES: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def count_text(number: float | None) -> str:
    """Return a whole number with commas: `12,345`."""
    return UNKNOWN if number is None or not isfinite(number) else f"{round(number):,}"


def percent_text(percent: float | None) -> str:
    """Return `99.2%`; one failure in a million never reads `100%`, nor one success `0%`."""
    if percent is None or not isfinite(percent):
        return UNKNOWN
    if 99.9 < percent < 100:
        return "99.9%"
    if 0 < percent < 0.1:
        return "<0.1%"
    return f"{percent:.1f}".removesuffix(".0") + "%"


def score_text(score: float | None) -> str:
    """Return a score of 0 to 1 with two decimals."""
    return UNKNOWN if score is None or not isfinite(score) else f"{score:.2f}"


def duration_text(seconds: float | None) -> str:
    """Return a duration in the unit that suits it: `85.0 µs`, `1.25 s`, `2 min 5 s`, `3 h 20 min`."""
    if seconds is None or not isfinite(seconds):
        return UNKNOWN
    if seconds < 59.995:
        return _short_duration(seconds)
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"


def mark_text(seconds: float) -> str:
    """Return a round duration without needless zeros: `200 ms`, `1.2 s`."""
    text, _, unit = duration_text(seconds).partition(" ")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def _short_duration(seconds: float) -> str:
    if seconds <= 0:
        return "0 s"
    # the bounds lie where rounding would show 1000 of the smaller unit
    if seconds < 0.999_5e-3:
        return f"{_three_digits(seconds * 1e6)} µs" if seconds >= 1e-8 else "<0.01 µs"
    if seconds < 0.999_5:
        return f"{_three_digits(seconds * 1e3)} ms"
    return f"{_three_digits(seconds)} s"


def _three_digits(number: float) -> str:
    if number >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"


def time_text(microseconds: int | None) -> str:
    """Return a moment in UTC to the second: `2026-11-22 15:47:03`."""
    return UNKNOWN if microseconds is None else from_microseconds(microseconds).strftime("%Y-%m-%d %H:%M:%S")


def age_text(microseconds: int | None, now: datetime) -> str:
    """Return how long ago a moment was, roughly: `5 minutes ago`."""
    if microseconds is None:
        return "never"
    seconds = (to_microseconds(now) - microseconds) // 1_000_000
    for size, unit in _AGES:
        if seconds >= size:
            number = seconds // size
            return f"{number:,} {unit}{'s' if number != 1 else ''} ago"
    return "just now"
