"""What is captured of a parameter without its value: `{"type": "str", "size": 27}`, by far the most of all metadata.

Filters that look into values ask `is_shape` first, because there is nothing in a shape to look into. Imports nothing.
"""

from __future__ import annotations

from typing import Any, Final

LONGEST_TYPE_NAME: Final = 60
LARGEST_SIZE: Final = 10**12
"""Larger numbers may be those of payment cards."""


def is_shape(entry: dict[Any, Any]) -> bool:
    """Whether this is a type's name, and perhaps a size, and nothing else."""
    kind = entry.get("type")
    size = entry.get("size", 0)
    return (
        type(kind) is str
        and type(size) is int
        and 0 <= size < LARGEST_SIZE
        and len(entry) == (2 if "size" in entry else 1)
        and len(kind) <= LONGEST_TYPE_NAME
        and kind.isascii()
    )
