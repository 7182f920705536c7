r"""Text on one line: an escape that turns any text into one physical line of valid UTF-8, and back.

A line file is only safe to cut, repair and read in pieces when no value holds a line break. Backslash, control
characters and lone surrogates become `\\`, `\n`, `\r`, `\u001b`; everything else stays as it is. Imports nothing of
the project.
"""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile("[\\\\\x00-\x1f\x7f\ud800-\udfff]")
_ESCAPED: Final = re.compile(r"\\(u[0-9a-f]{4}|.)", re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SHORT: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_LONG: Final = {"n": "\n", "r": "\r"}


def is_one_line(text: str) -> bool:
    """Whether `escape` would leave the text as it is."""
    return _UNSAFE.search(text) is None


def escape(text: str) -> str:
    """Return the text without line breaks, control characters and surrogates; `unescape` restores it exactly."""
    return _UNSAFE.sub(lambda found: _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}", text)


def unescape(text: str) -> str:
    """Return what `escape` was given; a backslash before any other character stands for that character."""
    return _ESCAPED.sub(_original, text)


def _original(found: re.Match[str]) -> str:
    sign: str = found[1]
    return chr(int(sign[1:], 16)) if len(sign) > 1 else _LONG.get(sign, sign)


def escape_surrogates(json_text: str) -> str:
    """Return JSON text that UTF-8 can hold: lone surrogates become the escapes that JSON has for them."""
    if json_text.isascii():
        return json_text
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)
