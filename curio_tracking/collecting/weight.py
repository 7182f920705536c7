"""Weight: how many bytes custom metadata keeps alive, and what is left of it beyond a bound. Runs in the host's thread.

Arguments and error texts are cut where they are captured; custom metadata is the host's own and may be of any size.
Only exact built-in types are looked into: whatever else there is may count in O(n), query a database, or raise.
"""

from __future__ import annotations

from itertools import islice
from sys import getsizeof

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

MOST_BYTES: Final = 262_144
"""Of the custom metadata of one call; twice what any record may hold, so the filters still do the visible cutting."""
SAMPLES: Final = (100, 10, 10)
"""How many items of a container are weighed, by depth; the others are taken to weigh as much on average."""
ELLIPSIS: Final = "…"
_TEXTS: Final = frozenset({str, bytes, bytearray})
_MAPPINGS: Final = frozenset({dict})
_SERIES: Final = frozenset({list, tuple, set, frozenset})
_OTHER_BYTES: Final = 32
_ENTRY_BYTES: Final = 128
"""Of a place in a dictionary, with room to grow."""
_BORDER: Final = 4_096
"""Characters cut off in addition: of a secret at the border, filters could not tell what the half was."""


def weight_of(value: object, depth: int = 0) -> int:
    """Return about how many bytes a value keeps alive; what is of no built-in type counts next to nothing."""
    kind = type(value)
    try:
        if kind in _TEXTS:
            return getsizeof(value)
        if kind in _MAPPINGS:
            return getsizeof(value) + _weight_of_items(value, len(value) * 2, depth)  # type: ignore[arg-type]
        if kind in _SERIES:
            return getsizeof(value) + _weight_of_items(value, len(value), depth)  # type: ignore[arg-type]
        return getsizeof(value) if kind is int else _OTHER_BYTES
    except (TypeError, RuntimeError):  # a type that cannot be hashed; a container that another thread is changing
        return _OTHER_BYTES


def _weight_of_items(container: Any, count: int, depth: int) -> int:
    if depth >= len(SAMPLES) or not count:
        return 0
    most = SAMPLES[depth]
    if type(container) is dict:
        sample = [part for item in islice(container.items(), most) for part in item]
    else:
        sample = list(islice(container, most))
    weight = sum([weight_of(item, depth + 1) for item in sample])
    return weight * count // len(sample)


def bounded(metadata: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Return custom metadata within `MOST_BYTES`, and about how many bytes it keeps alive.

    Returns:
        (the very same dictionary if it is within, else one whose heaviest values are cut short or replaced by an
        ellipsis; its weight)
    """
    weight = weight_of(metadata)
    if weight <= MOST_BYTES:
        return metadata, weight
    weighed = [(_ENTRY_BYTES + getsizeof(key) + weight_of(value), key, value) for key, value in metadata.items()]
    weighed.sort(key=lambda item: item[0])
    room = MOST_BYTES - getsizeof({})
    kept: dict[str, Any] = {}
    for bytes_of_item, key, value in weighed:
        if bytes_of_item > room:
            value = _cut(value, room)
            bytes_of_item = _ENTRY_BYTES + getsizeof(key) + getsizeof(value)
        if bytes_of_item > room:
            continue
        kept[key] = value
        room -= bytes_of_item
    return kept, MOST_BYTES - room


def _cut(value: Any, room: int) -> Any:
    """Return what fits of a text, without the word at its end; of anything else an ellipsis."""
    if type(value) not in _TEXTS or not value:
        return ELLIPSIS
    width = max(1, getsizeof(value) // len(value))  # bytes per character
    return value[: room // width - _BORDER] if room // width > _BORDER else ELLIPSIS
