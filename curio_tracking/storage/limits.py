"""Bounds of one stored value.

Of text, because Python's csv module, and with it TinyFlux, reads no longer field. The `size` filter keeps records far
below; this is the storage's own last line of defence, so that a row can never be written that cannot be read. Of
numbers, because one that is none, or out of all proportion, would spoil every total that it is added to. Imports only
`records`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.records import TEXT_FIELDS
from curio_tracking.storage.escapes import escape, escape_surrogates

if TYPE_CHECKING:
    from curio_tracking.records import FeatureRecord

MAX_FIELD_CHARACTERS: Final = 131_072
"""`csv.field_size_limit()` as Python sets it."""
LARGEST_WHOLE: Final = (1 << 63) - 1
LARGEST_REAL: Final = 1e12
"""Seconds, or executions of one record: beyond that a sum would lose what it is about."""
_MAX_TEXT: Final = MAX_FIELD_CHARACTERS - 2
"""Room for the two marks that a table may put in front."""
_TEXTS: Final = ("record_id", *TEXT_FIELDS)
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def are_sound(duration: float, weight: float, efficiency: float | None, cpu_seconds: float | None) -> bool:
    """Whether a record can have these numbers; false where one of them is NaN or infinite."""
    return (
        0 <= duration <= LARGEST_REAL
        and 0 < weight <= LARGEST_REAL
        and (efficiency is None or 0 <= efficiency <= 1)
        and (cpu_seconds is None or 0 <= cpu_seconds <= LARGEST_REAL)
    )


def sound_whole(number: int) -> int:
    """Return a whole number as it is.

    Raises:
        ValueError: no record can have it.
    """
    if -LARGEST_WHOLE <= number <= LARGEST_WHOLE:
        return number
    raise ValueError("a whole number is too large")


def metadata_text(metadata: dict[str, Any]) -> str:
    """Return the metadata as compact JSON on one line, in characters that UTF-8 can hold.

    Values that JSON does not know are kept as their text; what cannot be written at all (circular, too deep) is left
    out and named in `_truncated`.
    """
    try:
        return escape_surrogates(_encode(metadata))
    except (TypeError, ValueError, RecursionError):
        return escape_surrogates(_encode(_writable(metadata)))


def shorten(record: FeatureRecord) -> FeatureRecord:
    """Return a copy whose every value fits into a field; what was cut is named in the metadata under `_truncated`."""
    cut: dict[str, Any] = {}
    for name in _TEXTS:
        text = getattr(record, name)
        if text is not None and len(escape(text)) > _MAX_TEXT:
            cut[name] = _shortened(text)
    return replace(record, **cut, metadata=_fitting(record.metadata, list(cut)))


def _shortened(text: str) -> str:
    text = text[:_MAX_TEXT]
    while len(escape(text)) > _MAX_TEXT:
        text = text[: len(text) // 2]
    return text


def _fitting(metadata: dict[str, Any], cut: list[str]) -> dict[str, Any]:
    """Drop the largest keys until the JSON fits into a field; if their names alone are too many, drop all."""
    costs = {key: _cost({key: value}) for key, value in metadata.items() if key != "_truncated"}
    kept = dict(metadata)
    total = _cost(_marked(kept, cut))
    for key in sorted(costs, key=costs.__getitem__, reverse=True):
        if total <= MAX_FIELD_CHARACTERS:
            break
        del kept[key]
        cut.append(str(key))
        total += _cost({str(key): 0}) - costs[key]
    fitted = _marked(kept, cut)
    return fitted if _cost(fitted) <= MAX_FIELD_CHARACTERS else _marked({}, ["*"])


def _cost(metadata: dict[str, Any]) -> int:
    """Return the characters of the JSON; a `;` counts for the six that it takes in a TinyFlux row."""
    text = metadata_text(metadata)
    return len(text) + 5 * text.count(";")


def _marked(metadata: dict[str, Any], cut: list[str]) -> dict[str, Any]:
    before = metadata.get("_truncated")
    names = [*(before if isinstance(before, list) else []), *cut]
    return metadata | {"_truncated": names} if names else metadata


def _writable(metadata: dict[str, Any]) -> dict[str, Any]:
    kept, cut = {}, []
    for key, value in metadata.items():
        try:
            kept[str(key)] = json.loads(_encode(value))
        except (TypeError, ValueError, RecursionError):
            cut.append(str(key))
    return _marked(kept, cut)
