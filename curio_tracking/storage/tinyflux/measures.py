"""Measures: what totals need of the rows of a segment. Uses `rows` and `rollups.cells`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.storage.tinyflux.rollups.cells import key_and_measure
from curio_tracking.storage.tinyflux.rows import parse_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curio_tracking.storage.tinyflux.rollups.cells import CellKey, Measure


def measure(lines: Sequence[bytes]) -> tuple[list[tuple[CellKey, Measure]], list[bytes]]:
    """Return the cell and the measure of each row, and the lines that are no rows."""
    records = list(map(parse_row, lines))
    measured = [key_and_measure(record) for record in records if record is not None]
    if len(measured) == len(lines):
        return measured, []
    return measured, [line for line, record in zip(lines, records, strict=True) if record is None]
