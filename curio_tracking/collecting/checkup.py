"""Checkup: how one collector is, from all of its parts; what `health()` returns. Asked by any thread."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from curio_tracking.collecting.collector import Collector


def health_of(collector: Collector) -> dict[str, Any]:
    """Return everything that is to be known, under the names of `health.HEALTH_FIELDS`; never raises."""
    writer, buffer = collector.writer, collector.buffer
    counts = counts_of(collector)
    return {
        "state": writer.state,
        "recorded": counts["written"] + counts["folded"] + counts["pending"] + sum(counts["dropped"].values()),
        **counts,
        "errors": dict(collector.guard.errors),
        "quarantined": _quarantined(collector),
        **writer.pulse.figures(),
        "queued_rows": len(buffer.rows),
        "queued_bytes": buffer.scale.weigh(),
        "queue_size": buffer.queue_size,
        "queue_bytes": buffer.queue_bytes,
    }


def counts_of(collector: Collector) -> dict[str, Any]:
    """Return written, folded, dropped and pending calls, at one moment."""
    writer, buffer = collector.writer, collector.buffer
    elsewhere = {
        "min_duration": buffer.too_short,
        "overflow": buffer.overflowed,
        "never_completed": collector.open_runs.given_up,
    }
    return writer.ledger.counts({reason: calls for reason, calls in elsewhere.items() if calls})


def _quarantined(collector: Collector) -> int:
    pipeline = collector.writer.pipeline
    if pipeline is None:
        return 0
    # a third party's property may raise
    return int(collector.guard.call("backend", getattr, pipeline.backend, "quarantined", 0) or 0)
