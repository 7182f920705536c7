"""Measures: what totals need of the rows of a segment, without making a record of each.

That is three times as quick. Which rows count, and for what, is what `rows.parse_row` and `rollups.cells` say.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from curio_tracking.storage.limits import are_sound
from curio_tracking.storage.tinyflux.moments import moment_us
from curio_tracking.storage.tinyflux.pattern import usual_values
from curio_tracking.storage.tinyflux.rollups.cells import HOUR_US, key_and_measure
from curio_tracking.storage.tinyflux.rows import STATUSES, metadata_of, parse_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curio_tracking.storage.tinyflux.rollups.cells import CellKey, Measure


def measure(lines: Iterable[bytes]) -> tuple[list[tuple[CellKey, Measure]], list[bytes]]:
    """Return the cell and the measure of each row, and the lines that are no rows."""
    measured, bad = [], []
    for line in lines:
        one = _usual(line) or _other(line)
        if one is None:
            bad.append(line)
        else:
            measured.append(one)
    return measured, bad


def _usual(line: bytes) -> tuple[CellKey, Measure] | None:
    """Return what a usual row counts for; None for every other one."""
    try:
        values = usual_values(line.decode())
        if values is None:
            return None
        (time, name, _id, category, status, user, _session, _parent, _host, app, version, environment, _error, _message,
         _shape, more, duration, size_in, size_out, score, rounds, _thread, _process, cpu, _memory,
         weight) = values  # fmt: skip
        seconds, calls = float(duration), 1.0 if weight is None else float(weight)
        efficiency, cpu_seconds = None if score is None else float(score), None if cpu is None else float(cpu)
        if not are_sound(seconds, calls, efficiency, cpu_seconds) or not (more is None or _is_metadata(more)):
            return None
        start_us = moment_us(time)
        return (name, category, STATUSES[status], app, version, environment, start_us // HOUR_US), (
            start_us,
            seconds,
            efficiency,
            None if size_in is None else int(size_in),
            None if size_out is None else int(size_out),
            1 if rounds is None else int(rounds),
            user,
            calls,
        )
    except (ValueError, LookupError):
        return None


def _other(line: bytes) -> tuple[CellKey, Measure] | None:
    record = parse_row(line)
    return None if record is None else key_and_measure(record)


@lru_cache(maxsize=1024)
def _is_metadata(text: str) -> bool:
    try:
        metadata_of(None, text)
    except (ValueError, RecursionError):
        return False
    return True
