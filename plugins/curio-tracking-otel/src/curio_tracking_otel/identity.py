"""Identity: the ids of spans and traces, computed from the ids of records.

The same record always gets the same ids, whichever process asks, so a batch that is sent twice stays one span for
whoever compares ids, and the span of a stored record can be looked up.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from curio_tracking.records import FeatureRecord

_SPAN_BYTES: Final = 8
_TRACE_BYTES: Final = 16


def span_id(record_id: str) -> int:
    """Return the id of the span of a record: BLAKE2b of its id, 64 bits."""
    return _number(record_id, _SPAN_BYTES)


def trace_id(record: FeatureRecord) -> int:
    """Return the id of the trace that the record's span belongs to: BLAKE2b of the outermost call's id, 128 bits.

    `root_id` is there for every call that was collected in this process. Where something (a filter that makes new
    records) has lost it, the parent stands in: right for calls that are nested once.
    """
    outermost = record.parent_id if record.root_id is None else record.root_id
    return _number(record.record_id if outermost is None else outermost, _TRACE_BYTES)


def _number(text: str, size: int) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
    return int.from_bytes(digest, "big") or 1  # zero is no valid id
