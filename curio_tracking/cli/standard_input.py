"""Standard input: texts that a person hands to a command there, so that they stand on no command line."""

from __future__ import annotations

import sys
from typing import Final

_BYTE_ORDER_MARK: Final = "\ufeff"


def read_text() -> str:
    """Return all of it, without the mark that some programs begin a text with; nothing where it is closed.

    Raises:
        UnicodeError: it is no UTF-8 text. OSError: it cannot be read.
    """
    text = "" if sys.stdin is None else sys.stdin.read().removeprefix(_BYTE_ORDER_MARK)
    text.encode()  # in some locales, what is none comes as halves of surrogate pairs
    return text
