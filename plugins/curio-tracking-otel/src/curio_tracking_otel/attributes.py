"""Attributes: what of a record becomes attributes of its span, under names of our own (`curio.*`) or of OpenTelemetry.

User and session ids never do, metadata only by name. Values are made fit for protobuf: texts valid and of bounded
length, whole numbers within 64 bits. Imports no OpenTelemetry module.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from curio_tracking.records import FeatureRecord

LONGEST_TEXT: Final = 900
"""Bytes of UTF-8; see `spans.largest_batch`."""
FEATURE: Final = "curio.feature_name"
CATEGORY: Final = "curio.category"
STATUS: Final = "curio.status"
FOLDED: Final = "_folded"
_LARGEST: Final = (1 << 63) - 1
Value: TypeAlias = "str | bool | int | float"


def text(value: str) -> str:
    """Return the text as UTF-8 can carry it, cut to `LONGEST_TEXT`."""
    cut = value[:LONGEST_TEXT]
    # cut once more: a character takes up to four bytes, and half a one is left out
    return cut if cut.isascii() else cut.encode("utf-8", "replace")[:LONGEST_TEXT].decode("utf-8", "ignore")


def whole(value: int) -> int:
    """Return the number, or the nearest one that fits into 64 bits."""
    return max(-_LARGEST, min(_LARGEST, value))


def of_record(record: FeatureRecord, metadata_keys: tuple[str, ...]) -> dict[str, Value]:
    """Return the attributes of the record's span; what is unknown is left out.

    Args:
        record: as it was written.
        metadata_keys: which of its metadata to take along.
    """
    found: dict[str, Value] = {
        FEATURE: text(record.feature_name),
        CATEGORY: text(record.category),
        STATUS: record.status.value,
        "curio.record_id": text(record.record_id),
        "curio.iterations": whole(record.iterations),
        "curio.sample_weight": float(record.sample_weight),
    }
    for name in ("input_size", "output_size", "memory_bytes"):
        number = getattr(record, name)
        if number is not None:
            found[f"curio.{name}"] = whole(number)
    for name in ("efficiency_score", "cpu_seconds"):
        number = getattr(record, name)
        if number is not None:
            found[f"curio.{name}"] = float(number)
    if record.thread_id is not None:
        found["thread.id"] = whole(record.thread_id)
    if record.error_type is not None:
        found["error.type"] = text(record.error_type)
    # looking at the metadata costs: it is made then (see `curio_tracking.unread`)
    if metadata_keys or record.sample_weight > 1:
        _add_metadata(found, record, metadata_keys)
    return found


def _add_metadata(found: dict[str, Value], record: FeatureRecord, keys: tuple[str, ...]) -> None:
    folded = record.metadata.get(FOLDED)
    if isinstance(folded, int):
        found["curio.folded_calls"] = whole(folded)
    for key in keys:
        value = record.metadata.get(key)
        if value is not None:
            found[f"curio.metadata.{text(key)}"] = _fitting(value)


def _fitting(value: object) -> Value:
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int) and -_LARGEST <= value <= _LARGEST:
        return value
    return text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
