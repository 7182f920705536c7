"""Row: what a reader makes of one record's line or lines: a record, or the reason why it is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from curio_tracking.records import FeatureRecord


class Row(NamedTuple):
    """One row of a file.

    Attributes:
        line: the number of its (last) physical line.
        record: the checked record. With an empty `record_id` it has none of its own: see `draft`.
        problem: why there is no record.
    """

    line: int
    record: FeatureRecord | None
    problem: str = ""
