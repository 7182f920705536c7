r"""Pattern: the usual row as one regular expression, which is the quickest way to take a row apart in Python.

Usual is what `rows.format_row` writes of most records: columns in their order, no quotes, no escapes, integers that are
integers. All else is left to a CSV reader. What the pattern accepts, the CSV reader would read in the same way. `rows`
tells what the keys mean.
"""

from __future__ import annotations

import re
from typing import Any, Final

TAGS: Final = ("t_i", "t_c", "t_s", "t_u", "t_n", "t_p", "t_h", "t_a", "t_v", "t_e", "t_x", "t_y", "t_r", "t_m")
FIELDS: Final = ("f_d", "f_i", "f_o", "f_e", "f_n", "f_t", "f_p", "f_c", "f_b", "f_w")
WHOLE_FIELDS: Final = ("f_i", "f_o", "f_n", "f_t", "f_p", "f_b")
"""Those that are integers."""
NONE: Final = "_none"
"""TinyFlux's word for None, which may stand for any value."""

# possessive (*+, ?+, {}+): what does not match fails at once, without trying shorter parts
_TIME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}"
_TEXT: Final = r"[^,\\]*+"
_NAME: Final = r"[^,:;\\]*+"
_WHOLE: Final = r"[0-9]{1,18}+"
_REAL: Final = r"[0-9]{1,20}+(?:\.[0-9]{1,20}+)?+(?:e[-+][0-9]{1,3}+)?+"
_PARAMETER: Final = rf"{_NAME}:{_NAME}:[0-9]{{0,18}}+"
_FORMS: Final = {
    "t_s": "[a-z]++",
    "t_r": rf"{_PARAMETER}(?:;{_PARAMETER})*+",
    **dict.fromkeys(WHOLE_FIELDS, _WHOLE),
    **dict.fromkeys(("f_d", "f_e", "f_c", "f_w"), _REAL),
}
_ALWAYS: Final = ("t_i", "t_c", "t_s", "f_d")


def _column(key: str) -> str:
    column = f",{key},({_FORMS.get(key, _TEXT)})"
    return column if key in _ALWAYS else f"(?:{column})?+"


_match: Final = re.compile(f"({_TIME}),({_TEXT}){''.join(map(_column, TAGS + FIELDS))}").fullmatch


def usual_values(text: str) -> tuple[Any, ...] | None:
    """Return what a row holds: its time, its name and a value (None if left out) for each of `TAGS` and `FIELDS`.

    Returns:
        Text, all of it; or None if the row is not a usual one, or none at all.
    """
    found = _match(text) if ',"' not in text and NONE not in text else None
    return None if found is None else found.groups()
