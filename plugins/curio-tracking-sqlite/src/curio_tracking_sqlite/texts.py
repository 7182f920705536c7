"""Texts and numbers that SQLite cannot hold as they are, and what stands for them.

A lone surrogate has no UTF-8, and an integer of more than 64 bits no column; both are stored as bytes (BLOB), which
never equal a TEXT or an INTEGER. So each value has exactly one stored form, and SQL may compare and group stored forms.
Everything else, NUL and control characters included, is stored as it is, for whoever asks the file in SQL.
"""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from typing import SupportsIndex

StoredText: TypeAlias = "str | bytes | None"
StoredInteger: TypeAlias = "int | bytes | None"

_LARGEST: Final = 2**63 - 1
_SMALLEST: Final = -(2**63)


def stored_text(text: str | None) -> StoredText:
    """Return the stored form of a text."""
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def stored_integer(number: SupportsIndex | None) -> StoredInteger:
    """Return the stored form of an integer, that of another library's type included.

    Raises:
        TypeError: it is no integer.
    """
    if number is None:
        return None
    whole = index(number)
    return whole if _SMALLEST <= whole <= _LARGEST else str(whole).encode()


def original_text(value: str | bytes) -> str:
    """Return the text of which `stored_text` made the value."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def clamped(microseconds: int) -> int:
    """Return a bound of a time range so that SQLite can hold it; no record lies beyond."""
    return min(max(microseconds, _SMALLEST), _LARGEST)
