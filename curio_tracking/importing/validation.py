"""Validation: what a value of a record may be; nothing else gets into the store by way of a file.

Messages name the field and the rule, never the value. Imports only `records` and `sources`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from curio_tracking.importing.sources import RowError
from curio_tracking.records import RECORD_FIELDS, FeatureRecord, FeatureStatus, to_microseconds

REQUIRED: Final = ("record_id", "feature_name", "category", "status", "start_time", "duration")
"""What every record must say, in the names of `FeatureRecord.as_dict`."""
KNOWN: Final = frozenset("start_time" if name == "start_us" else name for name in RECORD_FIELDS)
LONGEST_TEXT: Final = 4_096
"""Characters of a name or an id; messages and metadata are cut by the `size` filter."""
LARGEST_WHOLE: Final = (1 << 63) - 1
LARGEST_REAL: Final = 1e12
"""Seconds, or executions of one record: beyond that a sum would lose what it is about."""
_TEXTS: Final = (
    "user_id",
    "session_id",
    "host",
    "app",
    "version",
    "environment",
    "parent_id",
    "error_type",
)
_WHOLE: Final = {
    "input_size": 0,
    "output_size": 0,
    "iterations": 1,
    "thread_id": 0,
    "process_id": 0,
    "memory_bytes": 0,
}
_REAL: Final[dict[str, tuple[float, float]]] = {
    "duration": (0.0, LARGEST_REAL),
    "efficiency_score": (0.0, 1.0),
    "cpu_seconds": (0.0, LARGEST_REAL),
    "sample_weight": (1.0, LARGEST_REAL),
}
_END_US: Final = to_microseconds(datetime(9999, 12, 31, tzinfo=UTC))
NOT_A_STATUS: Final = f"status is none of {', '.join(FeatureStatus)}"
NOT_A_TIME: Final = "start_time is no ISO 8601 time"
_NEVER_NONE: Final = frozenset({"duration", "iterations", "sample_weight"})
_encode: Final = json.JSONEncoder(allow_nan=False, check_circular=False).encode


def record_of(values: dict[str, Any]) -> FeatureRecord:
    """Return the checked record of what `FeatureRecord.as_dict` gives.

    Raises:
        RowError: a field is missing, unknown, or has an unusable value.
    """
    for name in REQUIRED:
        if name not in values:
            raise RowError(f"no {name}")
    if not values.keys() <= KNOWN:
        unknown = min(values.keys() - KNOWN)
        raise RowError(f'no record has a field "{unknown[:40]}"')
    if values["status"] not in list(FeatureStatus):
        raise RowError(NOT_A_STATUS)
    try:
        return checked(FeatureRecord.from_dict(values))
    except (ValueError, TypeError, OverflowError) as error:
        raise error if isinstance(error, RowError) else RowError(NOT_A_TIME) from None


def checked(record: FeatureRecord) -> FeatureRecord:
    """Return the record, its whole numbers of seconds made real ones.

    Raises:
        RowError: some value is of the wrong type, not finite, out of range or too long.
    """
    if not 0 <= record.start_us < _END_US:
        raise RowError("start_time is not between 1970 and 9999")
    for name in ("record_id", "feature_name", "category"):
        _check_text(name, getattr(record, name))
    for name in _TEXTS:
        if (text := getattr(record, name)) is not None:
            _check_text(name, text)
    if record.error_message is not None and type(record.error_message) is not str:
        raise RowError("error_message is no text")
    for name, least in _WHOLE.items():
        _check_whole(name, getattr(record, name), least)
    for name, (least_real, most) in _REAL.items():
        if (real := _real(name, getattr(record, name), least_real, most)) is not None:
            setattr(record, name, real)
    _check_metadata(record.metadata)
    return record


def _check_text(name: str, text: object) -> None:
    if type(text) is not str:
        raise RowError(f"{name} is no text")
    if len(text) > LONGEST_TEXT:
        raise RowError(f"{name} is longer than {LONGEST_TEXT:,} characters")


def _check_whole(name: str, number: object, least: int) -> None:
    if number is None and name not in _NEVER_NONE:
        return
    if type(number) is not int:
        raise RowError(f"{name} is no whole number")
    if not least <= number <= LARGEST_WHOLE:
        raise RowError(f"{name} is below {least}" if number < least else f"{name} is too large")


def _real(name: str, number: object, least: float, most: float) -> float | None:
    if number is None and name not in _NEVER_NONE:
        return None
    if type(number) not in (int, float):
        raise RowError(f"{name} is no number")
    assert isinstance(number, int | float)
    if isinstance(number, float) and not isfinite(number):
        raise RowError(f"{name} is no finite number")
    if not least <= number <= most:
        raise RowError(f"{name} is below {least:g}" if number < least else f"{name} is above {most:g}")
    return float(number)


def _check_metadata(metadata: object) -> None:
    if not isinstance(metadata, dict):
        raise RowError("metadata is no object")
    try:
        if metadata:
            _encode(metadata)
    except RecursionError:
        raise RowError("metadata is nested too deeply") from None
    except ValueError:
        raise RowError("metadata holds a number that is not finite") from None
