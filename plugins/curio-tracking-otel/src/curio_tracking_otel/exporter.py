"""OtelExporter: takes the batches that were written and hands them to the feeds; sending is another thread's work.

`make_exporter` puts it together from what was chosen. Importing this imports OpenTelemetry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking_otel.complaints import Complaints
from curio_tracking_otel.feeds import Feed, MetricFeed, SpanFeed
from curio_tracking_otel.native_threads import NativeThreads
from curio_tracking_otel.official import build
from curio_tracking_otel.outlet import Outlet
from curio_tracking_otel.places import Places
from curio_tracking_otel.sender import Sender
from curio_tracking_otel.silence import silenced
from curio_tracking_otel.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curio_tracking.records import FeatureRecord
    from curio_tracking_otel.environment import Choices, Destination


class OtelExporter:
    """The exporter "otel"; see `curio_tracking.interfaces.Exporter`."""

    def __init__(self, feeds: Sequence[Feed], sender: Sender) -> None:
        """Args: one feed per signal; what sends them."""
        self._feeds = feeds
        self._sender = sender

    def export(self, records: Sequence[FeatureRecord]) -> None:
        """Count the records and queue them; waits for nobody. Closed, it takes none."""
        if self._sender.is_closed:
            return
        for feed in self._feeds:
            feed.add(records)
        self._sender.nudge()

    def close(self) -> None:
        """Send what waits, within a second; what a collector does not take by then is lost."""
        self._sender.close()


def make_exporter(choices: Choices, *, is_environment_chosen: bool) -> OtelExporter:
    """Return an exporter; nothing is sent and no thread runs before its first batch.

    Args:
        choices: what to send where.
        is_environment_chosen: whether somebody has set ENVIRONMENT.
    """
    _try_out(choices.destinations)
    places = Places(is_environment_chosen=is_environment_chosen)
    complaints = Complaints()
    # metrics first: at the end of the process they are what must not be missing
    ordered = sorted(choices.destinations, key=lambda destination: destination.signal)
    feeds = [_feed(destination, choices, places, complaints) for destination in ordered]
    return OtelExporter(feeds, Sender(feeds))


def _try_out(destinations: Sequence[Destination]) -> None:
    """Import what the protocols need, and raise now what a certificate that is none would raise with every batch."""
    native_threads = NativeThreads()
    native_threads.expect()
    with silenced():
        for destination in destinations:
            build(destination, None).shutdown()
    native_threads.wait()


def _feed(destination: Destination, choices: Choices, places: Places, complaints: Complaints) -> Feed:
    options, outlet = choices.options, Outlet(destination)
    if destination.signal == "metrics":
        return MetricFeed(outlet, Tallies(choices, places), complaints, interval=options.metrics_interval)
    return SpanFeed(
        outlet,
        places,
        complaints,
        queue_size=options.queue_size,
        interval=options.span_interval,
        metadata_keys=options.metadata,
    )
