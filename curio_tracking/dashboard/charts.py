"""The drawings: small bars as inline SVG, made here so that a page needs neither scripts nor the network.

Only SVG's own attributes and classes are used: the content security policy forbids inline styles. Every drawing
stands next to its figures, so it is hidden from screen readers. Imports nothing of the project.
"""

from __future__ import annotations

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def share(part: float | None, whole: float | None) -> float:
    """Return part / whole within 0..1; 0 where that makes no sense."""
    if not part or not whole or not isfinite(part) or not isfinite(whole):
        return 0.0
    return min(1.0, max(0.0, part / whole))


def bar(fraction: float | None, tone: str = "accent") -> str:
    """Return a bar filled to `fraction` (0..1) in the colour of the class `tone-<tone>`."""
    return strip([(share(fraction, 1.0), tone)], "bar")


def strip(parts: Iterable[tuple[float, str]], kind: str = "strip") -> str:
    """Return one bar of several coloured parts.

    Args:
        parts: (fraction of the whole, tone), from left to right.
        kind: its CSS class.
    """
    drawn = []
    position = 0.0
    for fraction, tone in parts:
        width = min(100.0 * fraction, 100.0 - position)
        if width > 0:
            # what exists is seen, be it one call in a million
            visible = min(max(width, 0.5), 100.0 - position)
            drawn.append(
                f'<rect class="tone-{escape(tone)}" x="{position:.3f}" y="0" width="{visible:.3f}" height="10"/>'
            )
            position += visible
    return (
        f'<svg class="{escape(kind)}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"'
        f' focusable="false">{"".join(drawn)}</svg>'
    )
