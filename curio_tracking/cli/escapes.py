"""Escapes: what everything that the CLI prints passes through, whatever the format.

`visible` is the same as everywhere; JSON has a way of its own to write a control character. Knows no command.
"""

from __future__ import annotations

import re
from typing import Final

from curio_tracking.control_characters import JOINERS, visible

__all__ = ["JOINERS", "visible", "visible_json"]

# within JSON text such characters only ever stand inside strings, where \uXXXX means the same
_HIDDEN_IN_JSON: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def visible_json(text: str) -> str:
    r"""Return JSON text that means the same, with the characters that `json.dumps` leaves raw as `\uXXXX`."""
    return text if text.isascii() and "\x7f" not in text else _HIDDEN_IN_JSON.sub(_json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
