"""A shallow look at parameters and results: type, size, and the value of plain ones. Runs in the host's thread.

Only exact built-in types are asked for their size: a subclass may count in O(n), run a database query, or raise. No
reference to a host's object is kept, so nothing lives longer because it was tracked.
"""

from __future__ import annotations

from array import array
from collections import deque
from itertools import islice

from curio_tracking.collecting.guard import pass_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Final, TypeAlias

Shape: TypeAlias = "tuple[Any, ...]"
"""Flat, per parameter: (type, size), or (type, size, value) in values mode; `assemble` knows which by the length."""

SIZED: Final = frozenset({str, bytes, bytearray, list, tuple, dict, set, frozenset, deque, array})
_PLAIN: Final = frozenset({str, int, float, bool, type(None), complex})
MAX_VALUE_LENGTH: Final = 256
MAX_PARAMETERS: Final = 20
UNKNOWN: Final = ...
"""Stands for "no value was taken" in values mode, where None is a value."""
# by its descriptor: asking by name would run what a metaclass has put in the way
name_of_type: Final[Callable[[type], str]] = vars(type)["__name__"].__get__


def size_of(value: object) -> int | None:
    """Return bytes of binary, characters of text, items of containers, in O(1); None for everything else."""
    try:
        return len(value) if type(value) in SIZED else None  # type: ignore[arg-type]
    except BaseException as odd:  # a metaclass decides how its types are hashed
        pass_over(odd)
        return None


def value_of(value: object) -> object:
    """Return a plain value (text cut at 256 characters), or `UNKNOWN` for whatever could be large or change later."""
    kind = type(value)
    if kind is str:
        return value[:MAX_VALUE_LENGTH]  # type: ignore[index]
    if kind is int:
        # a huge int would cost quadratic time to print and cannot be written as JSON that others read
        return value if -(1 << 63) <= value < 1 << 64 else UNKNOWN  # type: ignore[operator]
    try:
        return value if kind in _PLAIN else UNKNOWN
    except BaseException as odd:
        pass_over(odd)
        return UNKNOWN


def shape_of(values: Iterator[object], *, with_values: bool) -> Shape:
    """Return the shape of the given parameter values, in their order."""
    shape: list[Any] = []
    for value in values:
        shape += (type(value), size_of(value))
        if with_values:
            shape.append(value_of(value))
    return tuple(shape)


def bound_values(
    names: Sequence[str],
    captured: Sequence[str],
    defaults: Mapping[str, object],
    args: Sequence[object],
    kwargs: Mapping[str, object],
) -> Iterator[object]:
    """Yield the values of the captured parameters of a call; what was not passed has its default, or None.

    Args:
        names: all positional parameters in order; captured: those whose shape is wanted.
    """
    given = dict(zip(names, args, strict=False))
    for name in islice(captured, MAX_PARAMETERS):
        if name in given:
            yield given[name]
        else:
            yield kwargs.get(name, defaults.get(name))
