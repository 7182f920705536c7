"""Escapes: what makes control characters visible, so that a stored name cannot steer a terminal.

Everything the CLI prints passes through here, whatever the format. Imports nothing of the project.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
"""Invisible, but needed to write Persian, Hindi and some emoji, and without power over a terminal."""
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# within JSON text such characters only ever stand inside strings, where \uXXXX means the same
_HIDDEN_IN_JSON: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def visible(text: str, keep: str = "") -> str:
    r"""Return the text with control, formatting and direction characters as `\x1b`, `\n`, `\u202e`.

    Args:
        text: anything that was stored.
        keep: characters to leave alone all the same, for example "\n".
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, text)) if not keep else "".join(c if c in keep else _shown(c) for c in text)


def visible_json(text: str) -> str:
    r"""Return JSON text that means the same, with the characters that `json.dumps` leaves raw as `\uXXXX`."""
    return text if text.isascii() and "\x7f" not in text else _HIDDEN_IN_JSON.sub(_json_escape, text)


def _shown(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) not in _HIDDEN_CATEGORIES:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _json_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
