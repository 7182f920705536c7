"""A clock for tests that stands still until it is told to move; what tracked calls read in place of the real one.

Durations and start times of records follow it exactly. Ids, and with them the order of calls, still come from the real
clock, so that calls at the same frozen moment stay apart. `time` itself is left alone, and so is the writer's waiting.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.assemble import Assembler
from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.run import Run
from curio_tracking.collecting.timekeeping import read_clock
from curio_tracking.records import from_microseconds, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND_NS: Final = 1_000_000_000


class Reading(float):
    """A reading of the real clock that also knows what the controlled one showed.

    Attributes:
        elapsed_ns: nanoseconds that the controlled clock was advanced by since it exists.
        moment_us: what it showed, in microseconds since 1970 UTC.
    """

    __slots__ = ("elapsed_ns", "moment_us")
    elapsed_ns: int
    moment_us: int

    def __sub__(self, other: float) -> float:
        """Return the controlled time between two readings; against a plain one there is only the real time."""
        if isinstance(other, Reading):
            return (self.elapsed_ns - other.elapsed_ns) / SECOND_NS
        return float.__sub__(self, other)

    def __add__(self, seconds: float) -> Reading:
        """Return the reading that lies `seconds` of controlled time later."""
        return _reading(float(self), self.elapsed_ns + _nanoseconds(seconds), self.moment_us)


def _reading(real: float, elapsed_ns: int, moment_us: int) -> Reading:
    reading = Reading(real)
    reading.elapsed_ns, reading.moment_us = elapsed_ns, moment_us
    return reading


def _nanoseconds(seconds: float) -> int:
    return round(seconds * SECOND_NS)


class ControlledClock:
    """Time as a test wants it. It begins at the present moment and moves only by `advance` and `set`."""

    def __init__(self) -> None:
        self._lock = Lock()
        # one tuple, replaced as a whole: `read` takes no lock, as a signal handler may read while it is interrupted
        self._shows = 0, to_microseconds(datetime.now(UTC)) * 1000

    @property
    def now(self) -> datetime:
        """What the clock shows: an aware UTC datetime."""
        return from_microseconds(self._shows[1] // 1000)

    def advance(self, seconds: float) -> None:
        """Let `seconds` go by: calls that run meanwhile last that much longer.

        Raises:
            ValueError: negative or no number; a duration cannot shrink. `set` moves the wall clock back.
        """
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(f"cannot advance by {seconds!r} s: give 0 or more; set() moves the wall clock back")
        with self._lock:
            elapsed_ns, wall_ns = self._shows
            self._shows = elapsed_ns + _nanoseconds(seconds), wall_ns + _nanoseconds(seconds)

    def set(self, moment: datetime) -> None:
        """Set the wall clock, forward or back; durations do not notice, as they do not when a real one is set.

        Args:
            moment: a datetime; without a zone it is UTC.
        """
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        with self._lock:
            self._shows = self._shows[0], to_microseconds(aware) * 1000

    def read(self) -> Reading:
        """Return what a tracked call takes down."""
        elapsed_ns, wall_ns = self._shows
        return _reading(clock(), elapsed_ns, wall_ns // 1000)

    def __repr__(self) -> str:
        return f"<tracking clock at {self.now.isoformat()}>"


@contextmanager
def controlled_clock() -> Iterator[ControlledClock]:
    """Let the tracked calls of this process read a clock of the test's; afterwards the real one again."""
    _teach_assembler()
    controlled = ControlledClock()
    read_clock(controlled.read)
    try:
        yield controlled
    finally:
        read_clock()


def _teach_assembler() -> None:
    """Let records start when the controlled clock said; stays, as calls it timed may still wait in a buffer."""
    if not hasattr(Assembler.record, "__wrapped__"):
        every_assembler: Any = Assembler
        every_assembler.record = _at_its_moment(Assembler.record, _start_of_row)
        every_assembler.folded = _at_its_moment(Assembler.folded, lambda fold: fold.first)


def _at_its_moment(build: Callable[..., Any], start_of: Callable[[Any], float]) -> Callable[..., Any]:
    def built(assembler: Assembler, row: Any, guard: Any) -> Any:
        record = build(assembler, row, guard)
        start = start_of(row)
        if record is not None and type(start) is Reading:
            record.start_us = start.moment_us
        return record

    built.__wrapped__ = build  # type: ignore[attr-defined]
    return built


def _start_of_row(row: Any) -> Any:
    return row.start if type(row) is Run else row[1]
