"""Units: durations, counts, shares and times as a person reads them; tables only, never machine formats.

Imports nothing of the project.
"""

from __future__ import annotations

import json
from typing import Any, Final

MISSING: Final = "-"
"""What stands in a table where nothing is known: never 0, which would be a claim."""
MINUTE: Final = 60.0
HOUR: Final = 3600.0


def text(value: Any) -> str:
    """Return any stored value as text; `-` for nothing."""
    if value is None or value == "":
        return MISSING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def duration(seconds: float | None) -> str:
    """Return `12.3 ms`, `4.56 s` or `2 min 05 s`: three figures are what timings are good for."""
    if seconds is None:
        return MISSING
    if seconds < MINUTE:
        # rounded before the unit is chosen, or 0.9999 s would read "1000 ms"
        seconds = float(f"{seconds:.3g}")
    if seconds < MINUTE:
        return _below_a_minute(seconds)
    whole = round(seconds)
    if whole < HOUR:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _below_a_minute(seconds: float) -> str:
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{_three_figures(seconds * factor)} {unit}"
    return "0 s" if seconds == 0 else f"{_three_figures(seconds * 1e9)} ns"


def _three_figures(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def count(value: float | None) -> str:
    """Return `12,345`."""
    return MISSING if value is None else f"{value:,.0f}"


def size(value: float | None) -> str:
    """Return `12.3 MB` of bytes: kilo is a thousand, as disks are sold."""
    if value is None:
        return MISSING
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= factor:
            return f"{_three_figures(value / factor)} {unit}"
    return f"{value:.0f} B"


def percent(value: float | None) -> str:
    """Return `98.3 %` of a figure that is percent already."""
    return MISSING if value is None else f"{value:.1f} %"


def score(value: float | None) -> str:
    """Return `0.95` of an efficiency between 0 and 1."""
    return MISSING if value is None else f"{value:.2f}"


def moment(value: str | None) -> str:
    """Return `2026-11-01 12:30:05` of ISO 8601 text in UTC; the heading says that it is UTC."""
    return MISSING if not value else value[:19].replace("T", " ")
