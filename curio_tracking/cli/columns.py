"""What a command prints, apart from how: the keys for machines, and the columns for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curio_tracking.cli import units

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the formats for people.

    Attributes:
        key: which value of a row.
        heading: what stands above it in tables, with the unit where the values carry none.
        show: turns a value into what a person reads.
        style: the Rich style of a value on a terminal.
        is_number: whether it is set flush right.
        is_long: whether it may be folded over several lines.
        rank: columns of the highest rank give way first on a narrow terminal; 0 stays.
    """

    key: str
    heading: str
    show: Callable[[Any], str] = units.text
    style: Callable[[Any], str] | None = None
    is_number: bool = False
    is_long: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """What a command prints: every key for machines, some columns for people."""

    keys: Sequence[str]
    columns: Sequence[Column]
