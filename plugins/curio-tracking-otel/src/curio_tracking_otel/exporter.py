"""OtelExporter: takes the batches that were written and hands them to the feeds; sending is another thread's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curio_tracking.records import FeatureRecord
    from curio_tracking_otel.feeds import Feed
    from curio_tracking_otel.sender import Sender


class OtelExporter:
    """The exporter "otel"; see `curio_tracking.interfaces.Exporter`."""

    def __init__(self, feeds: Sequence[Feed], sender: Sender) -> None:
        """Args: one feed per signal; what sends them."""
        self._feeds = feeds
        self._sender = sender

    def export(self, records: Sequence[FeatureRecord]) -> None:
        """Count the records and queue them; waits for nobody."""
        for feed in self._feeds:
            feed.add(records)
        self._sender.nudge()

    def close(self) -> None:
        """Send what waits, within a second; what a collector does not take by then is lost."""
        self._sender.close()
