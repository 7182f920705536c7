"""Cells: the totals of a day by feature, category, status, app, version and environment, as rows of the table `totals`.

Sums are columns, so that SQL adds them up. The sketches are kept whole, bins and registers, so that those of many days
make exactly the one that all their records would have made: bins of whole weights packed (`first_bin` and 32 bits for
each), others and the users as JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.sketches import HLL_PRECISION, RELATIVE_ERROR, SMALLEST, HyperLogLog, unpack_bins
from curio_tracking.summaries import Summary
from curio_tracking_sqlite.texts import original_text, stored_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from curio_tracking_sqlite.folding import Fold, Groups, Key
    from curio_tracking_sqlite.questions import Conditions

DIMENSIONS: Final = ("feature_name", "category", "status", "app", "version", "environment")
"""What the totals can be told apart by, besides the day."""
SKETCHES: Final = f"{RELATIVE_ERROR} {SMALLEST} {HLL_PRECISION}"
"""Which bins and registers the installed sketches have; those of others cannot be merged with them."""
_SUMS: Final = (
    "weight", "duration", "efficiency", "efficiency_weight", "input_size", "input_weight", "output_size",
    "output_weight", "iterations",
)  # fmt: skip
_LOWEST: Final = ("min_duration", "first_us")
_HIGHEST: Final = ("max_duration", "last_us")
_COLUMNS: Final = (*DIMENSIONS, *_SUMS, *_LOWEST, *_HIGHEST, "first_bin", "durations", "users")
_ADDED_UP: Final = ", ".join(
    [f"total({name})" for name in _SUMS] + [f"min({name})" for name in _LOWEST] + [f"max({name})" for name in _HIGHEST]
)


def write_cells(connection: sqlite3.Connection, day: int, cells: Groups) -> None:
    """Put the totals of a day in the place of those that were there before."""
    connection.execute("DELETE FROM totals WHERE day = ?", (day,))
    connection.executemany(
        f"INSERT INTO totals (day, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)})",
        [(day, *map(stored_text, key), *_values(cell)) for key, cell in cells.items()],
    )


def _values(cell: Summary) -> tuple[Any, ...]:
    weight = cell.weight
    return (
        weight,
        cell.mean_duration.total,
        cell.efficiency.total,
        cell.efficiency.weight,
        cell.input_size.total,
        cell.input_size.weight,
        cell.output_size.total,
        cell.output_size.weight,
        cell.iterations,
        cell.min_duration,
        cell.first_us,
        cell.max_duration,
        cell.last_us,
        *_bins(cell),
        _users(cell),
    )


def _bins(cell: Summary) -> tuple[int | None, bytes | str]:
    packed = cell.durations.packed()
    if packed is not None:
        return packed
    return None, json.dumps([part for pair in cell.durations.bins.items() for part in pair], separators=(",", ":"))


def _users(cell: Summary) -> str:
    planes, codes = cell.users.planes_and_codes()
    return json.dumps([f"{planes:x}", *codes], separators=(",", ":"))


def add_cells(connection: sqlite3.Connection, where: Conditions, group_by: Iterable[str], fold: Fold) -> None:
    """Count the cells that fulfil conditions.

    Args:
        connection: in a transaction.
        where: on the tables `totals` and `days`.
        group_by: names out of `DIMENSIONS`; those of `fold`.
        fold: counts them.
    """
    names = "".join(f"{name}, " for name in group_by)
    source = f"FROM totals JOIN days USING (day) WHERE {where.text}"
    sums = f"SELECT {names}status, {_ADDED_UP} {source} GROUP BY {names}status"
    width = names.count(",")
    for row in connection.execute(sums, where.values):
        fold.group(_key(row[:width])).merge(_summary(row[width], row[width + 1 :]))
    sketches = f"SELECT {names}weight, first_bin, durations, users {source} AND sketches = ?"
    for row in connection.execute(sketches, (*where.values, SKETCHES)):
        summary = fold.group(_key(row[:width]))
        _add_bins(summary, *row[width:-1])
        planes, *codes = json.loads(row[-1])
        summary.users.merge(HyperLogLog(codes, int(planes, 16)))


def _add_bins(summary: Summary, weight: float, first: int | None, bins: bytes | str) -> None:
    if first is not None:
        assert isinstance(bins, bytes)
        summary.durations.add_packed(unpack_bins(first, bins), int(weight))
    else:
        flat = json.loads(bins)
        summary.durations.add_bins(zip(flat[::2], flat[1::2], strict=True))


def _key(values: tuple[Any, ...]) -> Key:
    return tuple([original_text(value) if isinstance(value, bytes) else value for value in values])


def _summary(status: str, sums: tuple[Any, ...]) -> Summary:
    (weight, duration, efficiency, efficiency_weight, input_size, input_weight, output_size, output_weight, iterations,
     shortest, first_us, longest, last_us) = sums  # fmt: skip
    summary = Summary()
    summary.statuses[status] = weight
    summary.mean_duration.add_sum(duration, weight)
    summary.widen(shortest, longest, first_us, last_us)
    summary.efficiency.add_sum(efficiency, efficiency_weight)
    summary.input_size.add_sum(input_size, input_weight)
    summary.output_size.add_sum(output_size, output_weight)
    summary.iterations = iterations
    return summary
