"""The shape of a call's parameters in one short tag: `prompt:str:120;limit:int:`, name, type and size of each.

Nearly every record holds such a shape (CAPTURE_ARGS=shape); as JSON it would be a third of the row and of the time to
write it. Whatever is not exactly of this form stays in the metadata's JSON.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from curio_tracking.unread import Signature

KEY: Final = "parameters"
"""Where the shape stands in a record's metadata."""
_PLAIN: Final = re.compile(r"[\w.\[\]*-]+", re.ASCII)


def shape_text(parameters: object) -> str | None:
    """Return the shape as text, or None if these parameters do not have the plain form.

    Args:
        parameters: what stands under `KEY`; the plain form is `{name: {"type": text, "size": int}}`, sizes optional.
    """
    if type(parameters) is not dict or not parameters:
        return None
    parts = []
    for name, described in parameters.items():
        if type(described) is not dict or type(kind := described.get("type")) is not str or type(name) is not str:
            return None
        size = described.get("size")
        if len(described) != (1 if size is None else 2) or (size is not None and type(size) is not int):
            return None
        start = _start(name, kind)
        if start is None:
            return None
        parts.append(start if size is None else f"{start}{size}")
    return ";".join(parts)


@lru_cache(maxsize=4096)
def shape_template(signature: Signature) -> str | None:
    """Return what `% sizes` makes the shape of a call with this signature; None if it has not the plain form."""
    starts = [_start(name, kind) for name, kind in zip(signature.names, signature.types, strict=True)]
    if None in starts:
        return None
    sizes = ["%d" if is_sized else "%.0s" for is_sized in signature.is_sized]  # None takes no room
    return ";".join(f"{start}{size}" for start, size in zip(starts, sizes, strict=True))


@lru_cache(maxsize=1024)
def _start(name: str, kind: str) -> str | None:
    return f"{name}:{kind}:" if _PLAIN.fullmatch(name) and _PLAIN.fullmatch(kind) else None


def parse_shape(text: str) -> dict[str, dict[str, Any]]:
    """Return the parameters of which `shape_text` made the text.

    Raises:
        ValueError: the text is no shape.
    """
    parameters: dict[str, dict[str, Any]] = {}
    for part in text.split(";"):
        name, kind, size = part.split(":")
        parameters[name] = {"type": kind, "size": int(size)} if size else {"type": kind}
    return parameters
