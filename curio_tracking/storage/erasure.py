"""Which lines of a file a deletion removes, readable or not. Used by the file backends; imports only values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curio_tracking.queries import RecordQuery
    from curio_tracking.records import FeatureRecord


def concerns(query: RecordQuery, line: bytes, record: FeatureRecord | None) -> bool:
    """Whether a line is to be deleted.

    Args:
        query: what to delete.
        line: the line as it stands in the file.
        record: what it says, or None if it cannot be read. Such a line goes if it holds the id of a user or record to
            be erased: better a damaged line too many than a trace of somebody who wants to be forgotten.
    """
    if record is not None:
        return query.matches(record)
    ids = (query.user_ids or frozenset()) | (query.record_ids or frozenset())
    return any(stored_id.encode(errors="replace") in line for stored_id in ids)
