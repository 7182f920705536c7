"""Foreign points: a row that stock TinyFlux wrote for another application, as a record.

The measurement is the feature's name and the time the start. Tags and fields that are named like a field of a record
are that field, all others become metadata. What a point does not say: category `other`, status `success`, duration 0.
Imports only values.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from curio_tracking.importing.sources import RowError
from curio_tracking.importing.validation import NOT_A_STATUS
from curio_tracking.records import RECORD_FIELDS, FeatureCategory, FeatureRecord, FeatureStatus, to_microseconds

_NONE: Final = "_none"
_TAG: Final = ("_tag_", "t_")
_FIELD: Final = ("_field_", "f_")
_WHOLE: Final = frozenset({"input_size", "output_size", "iterations", "thread_id", "process_id", "memory_bytes"})
_REAL: Final = frozenset({"duration", "efficiency_score", "cpu_seconds", "sample_weight"})
_TEXT: Final = frozenset(RECORD_FIELDS) - _WHOLE - _REAL - {"start_us", "metadata", "status"}
Value: TypeAlias = str | int | float


def foreign_record(cells: list[str]) -> FeatureRecord:
    """Return the record of a row's cells, not checked yet; its id is empty unless the point has one.

    Raises:
        RowError: this is no TinyFlux row, or a tag or field cannot be what its name says.
    """
    if len(cells) < 2 or len(cells) % 2:
        raise RowError("no TinyFlux row (a tag or field without a value)")
    known: dict[str, Any] = {
        "feature_name": "" if cells[1] == _NONE else cells[1],
        "category": FeatureCategory.OTHER.value,
        "duration": 0.0,
        "record_id": "",
    }
    metadata: dict[str, Any] = {}
    status = FeatureStatus.SUCCESS
    for key, cell in zip(cells[2::2], cells[3::2], strict=True):
        name, value = _tag_or_field(key, cell)
        if value is None:
            continue
        if name == "status":
            status = _status(value)
        elif name in _TEXT:
            known[name] = str(value)
        elif name in _WHOLE or name in _REAL:
            known[name] = _number(name, value)
        else:
            _add(metadata, name, value)
    return FeatureRecord(start_us=_start_us(cells[0]), status=status, metadata=metadata, **known)


def _tag_or_field(key: str, cell: str) -> tuple[str, Value | None]:
    for prefix in _TAG:
        if key.startswith(prefix):
            return key.removeprefix(prefix), None if cell == _NONE else cell
    for prefix in _FIELD:
        if key.startswith(prefix):
            name = key.removeprefix(prefix)
            return name, None if cell == _NONE else _number("a field", cell)
    raise RowError("no TinyFlux row (a column is neither tag nor field)")


def _number(name: str, value: Value) -> int | float:
    """Return the number; whole ones come back from TinyFlux as `3.0`, and are whole again here."""
    try:
        if isinstance(value, str):
            value = float(value) if any(sign in value for sign in ".eEnNiI") else int(value)
        return int(value) if name in _WHOLE and value == int(value) else value
    except (ValueError, OverflowError):
        raise RowError(f"{name} is no number") from None


def _status(value: Value) -> FeatureStatus:
    try:
        return FeatureStatus(str(value).lower())
    except ValueError:
        raise RowError(NOT_A_STATUS) from None


def _add(metadata: dict[str, Any], name: str, value: Value) -> None:
    """Put a value into the metadata; a tag `metadata` that holds a JSON object is metadata, not part of it."""
    if name == "metadata" and isinstance(value, str):
        try:
            more = json.loads(value)
        except (ValueError, RecursionError):
            more = None
        if isinstance(more, dict):
            metadata.update(more)
            return
    # a point may have a tag and a field of one name
    metadata[f"field_{name}" if name in metadata else name] = value


def _start_us(cell: str) -> int:
    try:
        moment = datetime.fromisoformat(cell)
        return to_microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise RowError("no TinyFlux row (no time in the first column)") from None
