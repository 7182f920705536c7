"""What is captured of a parameter without its value: `{"type": "str", "size": 27}`, by far the most of all metadata.

Filters that look into values ask `is_shape` first, because there is nothing in a shape to look into. Of a record whose
metadata nobody has read (`curio_tracking.unread`) they judge the signature, and remember the verdict.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from curio_tracking.unread import LARGEST_SIZE

K = TypeVar("K")
V = TypeVar("V")

MOST_SIGNATURES: Final = 4096
LONGEST_TYPE_NAME: Final = 60


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


def remember(verdicts: dict[K, V], subject: K, verdict: V, most: int = MOST_SIGNATURES) -> None:
    """Keep a filter's verdict on a signature, a name or a text; those made up at run time do not fill the memory."""
    if len(verdicts) >= most:
        verdicts.clear()
    verdicts[subject] = verdict
