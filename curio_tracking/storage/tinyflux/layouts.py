"""Which columns a row has, and how to take them out of it at one go. `rows` tells what the keys mean.

Rows leave out what is at its default, so their columns vary, but most rows have those of the row before.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TAGS: Final = ("t_i", "t_c", "t_s", "t_u", "t_n", "t_p", "t_h", "t_a", "t_v", "t_e", "t_x", "t_y", "t_r", "t_m")
FIELDS: Final = ("f_d", "f_i", "f_o", "f_e", "f_n", "f_t", "f_p", "f_c", "f_b", "f_w")
Picker: TypeAlias = "Callable[[Sequence[Any]], tuple[Any, ...]]"


class Layout(NamedTuple):
    """What takes all tags and all fields, in their order, out of the values of a row with these keys.

    A last value of None is expected: it stands for every column that the row leaves out.
    """

    keys: list[str]
    tags: Picker
    fields: Picker


_latest = Layout([], itemgetter(0), itemgetter(0))


def layout_of(keys: list[str]) -> Layout:
    """Return the layout of a row's keys."""
    global _latest
    layout = _latest
    if keys != layout.keys:
        # comparing with the row before is cheaper than looking up, and nearly always right
        layout = _latest = _layout(tuple(keys))
    return layout


@lru_cache(maxsize=256)
def _layout(keys: tuple[str, ...]) -> Layout:
    places = {key: place for place, key in enumerate(keys)}
    return Layout(
        list(keys),
        itemgetter(*[places.get(key, len(keys)) for key in TAGS]),
        itemgetter(*[places.get(key, len(keys)) for key in FIELDS]),
    )
