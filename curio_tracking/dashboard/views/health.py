"""The health page: the processes that track into the store, and what became of their calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from curio_tracking.dashboard.rendering import render as render_template
from curio_tracking.health import remarks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.reader import Reader

TONES: Final = {
    "running": "success",
    "paused": "success",
    "retrying": "partial",
    "silent": "timeout",
    "killed": "timeout",
    "failed": "failed",
}
"""Looks that the style sheet has for statuses."""
_COUNTS: Final = ("recorded", "written", "folded", "pending")


def render(reader: Reader, query: Mapping[str, str]) -> str:  # noqa: ARG001 - it has no parameters
    """Return the body of the page."""
    processes = reader.processes()
    return render_template(
        "health",
        processes=[{**process, "remarks": remarks(process)} for process in processes],
        totals=_totals(processes),
        tones=TONES,
    )


def _totals(processes: list[dict[str, Any]]) -> dict[str, int]:
    totals = {key: sum(process[key] or 0 for process in processes) for key in _COUNTS}
    for key in ("dropped", "errors"):
        totals[key] = sum(sum(process[key].values()) for process in processes)
    totals["alive"] = sum(process["state"] in ("running", "paused", "retrying", "silent") for process in processes)
    return totals
