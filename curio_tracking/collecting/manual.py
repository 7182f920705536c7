"""Manual tracking: runs that were started by id and wait to be completed, from any thread or task."""

from __future__ import annotations

from curio_tracking.collecting.context import Context, text_of
from curio_tracking.collecting.outcome import FAILED, SUCCESS
from curio_tracking.collecting.run import Run
from curio_tracking.vocabulary import FeatureStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from curio_tracking.collecting.collector import Collector
    from curio_tracking.collecting.site import Site

MAX_OPEN: Final = 10_000


class OpenRuns:
    """The started and not yet completed runs of one process; the oldest is given up beyond 10,000 and QUEUE_BYTES."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._runs: dict[str, Run] = {}
        self._bytes = 0
        self.given_up = 0

    def start(self, site: Site, user_id: object, session_id: object, metadata: Mapping[str, Any] | None) -> str:
        """Begin a run and return its record id."""
        run = Run(site)
        run.begin(can_suspend=True)
        if user_id is not None or session_id is not None:
            context = Context(run.context)
            context.user_id = text_of(user_id) or context.user_id
            context.session_id = text_of(session_id) or context.session_id
            run.context = context
        run.metadata.update(metadata or {})
        run.bound()  # it may wait for its end for good
        # no lock: a signal handler may start a run in the middle of this; single dict operations are atomic
        most_bytes = self._collector.buffer.queue_bytes
        while self._runs and (len(self._runs) >= MAX_OPEN or self._bytes + run.weight > most_bytes):
            if self._take(next(iter(list(self._runs)))) is not None:
                self.given_up += 1
        self._runs[run.record_id] = run
        self._bytes += run.weight
        return run.record_id

    def _take(self, record_id: str) -> Run | None:
        run = self._runs.pop(record_id, None)
        if run is not None:
            # of no consequence that this is not atomic: with nothing open there is nothing to keep
            self._bytes = self._bytes - run.weight if self._runs else 0
        return run

    def complete(self, record_id: object, status: object, facts: Mapping[str, Any]) -> None:
        """End a run; an id that is unknown or completed already is counted, and warned of once."""
        run = self._take(record_id) if isinstance(record_id, str) else None
        if run is None:
            self._collector.guard.report(
                "unknown_record_id",
                # without the id: whatever was given by mistake may be private
                "complete_custom_tracking: an id was never started here or is completed already",
            )
            return
        run.status = self._status(status, facts)
        run.error_type = text_of(facts["error_type"])
        run.error_message = text_of(facts["error_message"])
        run.input_size, run.output_size = facts["input_size"], facts["output_size"]
        run.efficiency_score, run.iterations = facts["efficiency_score"], facts["iterations"]
        run.metadata.update(facts["metadata"] or {})
        run.finish()

    def _status(self, status: object, facts: Mapping[str, Any]) -> FeatureStatus:
        try:
            return FeatureStatus(str(status).lower())
        except ValueError:
            fallback = FAILED if facts["error_message"] or facts["error_type"] else SUCCESS
            known = ", ".join(FeatureStatus)
            self._collector.guard.report(
                "unknown_status",
                f"complete_custom_tracking: an unknown status was given; known: {known}; recorded as {fallback.value}",
            )
            return fallback
