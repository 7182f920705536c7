"""What makes control characters visible, so that a stored name can neither steer a terminal nor mislead a reader.

Everything that the CLI prints, the dashboard shows and the library logs passes through here. Imports nothing of the
project.
"""

from __future__ import annotations

import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
"""Invisible, but needed to write Persian, Hindi and some emoji, and without power over a terminal."""
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str, keep: str = "") -> str:
    r"""Return the text with control, formatting and direction characters as `\x1b`, `\n`, `\u202e`.

    Args:
        text: anything that was stored.
        keep: characters to leave alone all the same, for example "\n".
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, text)) if not keep else "".join(c if c in keep else _shown(c) for c in text)


def _shown(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) not in _HIDDEN_CATEGORIES:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
