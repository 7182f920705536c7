r"""Texts as Parquet can hold them: UTF-8, which has no lone surrogates, and metadata as JSON.

Python's texts may hold surrogates (names of files that are no UTF-8 do). They are written as `\ud800`; what looks like
that already gets its backslashes doubled, so nothing is lost and every other text stays as it is. Imports nothing of
the project.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

ESCAPE_SIGN: Final = "\\ud"
"""Every text that `storable_text` would change without holding a surrogate contains this."""
_UNSTORABLE: Final = re.compile(r"(\\*)(?:([\ud800-\udfff])|(?<=\\)(ud[89a-f][0-9a-f]{2}))")
_STORED: Final = re.compile(r"(\\+)(ud[89a-f][0-9a-f]{2})")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str).encode


def storable_text(text: str) -> str:
    """Return the text in characters that UTF-8 can hold; `original_text` restores it exactly."""
    return _UNSTORABLE.sub(_stored, text)


def _stored(found: re.Match[str]) -> str:
    backslashes, surrogate, lookalike = found.groups()
    # an odd number of backslashes is an escape, an even number is text that looks like one
    return 2 * backslashes + (f"\\{_code(surrogate)}" if surrogate else lookalike)


def original_text(text: str) -> str:
    """Return the text of which `storable_text` made this one."""
    return _STORED.sub(_original, text)


def _original(found: re.Match[str]) -> str:
    backslashes, code = found.groups()
    half = backslashes[: len(backslashes) // 2]
    return half + (chr(int(code[1:], 16)) if len(backslashes) % 2 else code)


def _code(surrogate: str) -> str:
    return f"u{ord(surrogate):04x}"


def metadata_json(metadata: Mapping[str, Any]) -> str:
    """Return the metadata as compact JSON, in characters that UTF-8 can hold.

    Numbers that JSON does not know (NaN, infinities) become null, other values that it does not know their text; what
    cannot be written at all (circular, too deep, numbers of thousands of digits) is left out and named in `_truncated`.
    """
    try:
        text = _encode(metadata)
    except (TypeError, ValueError, RecursionError):
        text = _encode(_writable(metadata))
    return text if text.isascii() else _SURROGATE.sub(lambda found: f"\\{_code(found[0])}", text)


def _writable(metadata: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    cut: list[str] = []
    for key, value in metadata.items():
        try:
            plain = _plain(value)
            _encode(plain)
            kept[str(key)] = plain
        except (TypeError, ValueError, RecursionError):
            cut.append(str(key))
    if cut:
        before = kept.get("_truncated")
        kept["_truncated"] = [*(before if isinstance(before, list) else []), *cut]
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
