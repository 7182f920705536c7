"""Records as rows of the table `records`, and back: one column for each field, metadata as JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from curio_tracking.records import RECORD_FIELDS, FeatureRecord, FeatureStatus, to_microseconds
from curio_tracking_sqlite.texts import original_text, stored_integer, stored_text

if TYPE_CHECKING:
    from collections.abc import Sequence

Row: TypeAlias = "tuple[Any, ...]"

INTEGERS: Final = frozenset(
    {"start_us", "input_size", "output_size", "iterations", "thread_id", "process_id", "memory_bytes"}
)
REALS: Final = frozenset({"duration", "efficiency_score", "cpu_seconds", "sample_weight"})
REQUIRED: Final = frozenset(
    {
        "record_id", "feature_name", "category", "status", "start_us", "duration", "iterations", "metadata",
        "sample_weight",
    }
)  # fmt: skip
COLUMNS: Final = ", ".join(RECORD_FIELDS)
INSERT: Final = f"INSERT INTO {{table}} ({COLUMNS}) VALUES ({', '.join('?' * len(RECORD_FIELDS))}) {{conflict}}"
_FIRST_US: Final = to_microseconds(datetime.min.replace(tzinfo=UTC))
_LAST_US: Final = to_microseconds(datetime.max.replace(tzinfo=UTC))
_STATUSES: Final = {status.value: status for status in FeatureStatus}
_STATUS: Final = RECORD_FIELDS.index("status")
_METADATA: Final = RECORD_FIELDS.index("metadata")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def rows_of(records: Sequence[FeatureRecord]) -> list[Row]:
    """Return the rows of records.

    Raises:
        ValueError: a value cannot be stored; the message names the record. Trying again would not help.
    """
    return [_row(record) for record in records]


def _row(record: FeatureRecord) -> Row:
    try:
        return tuple([_STORED[name](getattr(record, name)) for name in RECORD_FIELDS])
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f'record {record.record_id} of "{record.feature_name}" cannot be stored: {error}') from error


def _stored_real(number: float | None) -> float | None:
    if number is None:
        return None
    real = float(number)
    if not isfinite(real):
        raise ValueError(f"{real} is no number")
    return real


def _stored_moment(start_us: int) -> int:
    if not _FIRST_US <= start_us <= _LAST_US:
        raise ValueError(f"no calendar has the time {start_us}")
    return int(start_us)


def metadata_text(metadata: dict[str, Any]) -> str:
    """Return metadata as JSON that UTF-8 can hold; what cannot be written is left out and named in `_truncated`."""
    try:
        text = _encode(metadata)
    except (TypeError, ValueError, RecursionError):
        text = _encode(_writable(metadata))
    return text if text.isascii() else _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _writable(metadata: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    cut = []
    for key, value in metadata.items():
        try:
            kept[str(key)] = json.loads(_encode(value))
        except (TypeError, ValueError, RecursionError):
            cut.append(str(key))
    return kept | {"_truncated": cut} if cut else kept


def record_of(row: Row) -> FeatureRecord | None:
    """Return the record of a row, or None for one that another program has made unusable."""
    values = list(row)
    try:
        if bytes in map(type, row):
            values = [_original(name, value) for name, value in zip(RECORD_FIELDS, row, strict=True)]
        values[_STATUS] = _STATUSES[values[_STATUS]]
        values[_METADATA] = metadata = json.loads(values[_METADATA])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return FeatureRecord(*values) if isinstance(metadata, dict) else None


def _original(name: str, value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    return int(value) if name in INTEGERS else original_text(value)


_STORED: Final[dict[str, Any]] = dict.fromkeys(RECORD_FIELDS, stored_text) | {
    **dict.fromkeys(INTEGERS, stored_integer),
    **dict.fromkeys(REALS, _stored_real),
    "start_us": _stored_moment,
    "status": str,
    "metadata": metadata_text,
}
