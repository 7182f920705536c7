"""Assembly: puts the exporter together from what was chosen. Importing this imports OpenTelemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking_otel.complaints import Complaints
from curio_tracking_otel.exporter import OtelExporter
from curio_tracking_otel.feeds import Feed, MetricFeed, SpanFeed
from curio_tracking_otel.native_threads import NativeThreads
from curio_tracking_otel.official import build
from curio_tracking_otel.outlet import Outlet
from curio_tracking_otel.places import Places
from curio_tracking_otel.sender import Sender
from curio_tracking_otel.silence import silenced
from curio_tracking_otel.tallies import Tallies

if TYPE_CHECKING:
    from curio_tracking_otel.environment import Choices, Destination


def exporter(choices: Choices, *, is_environment_chosen: bool) -> OtelExporter:
    """Return the exporter; nothing is sent and no thread runs before the first batch.

    Args:
        choices: what to send where.
        is_environment_chosen: whether somebody has set ENVIRONMENT.
    """
    native_threads = NativeThreads()
    native_threads.expect()
    with silenced():
        places = Places(is_environment_chosen=is_environment_chosen)
        for destination in choices.destinations:
            # imports what the protocol needs, and raises here what a certificate that is no certificate would
            build(destination, None).shutdown()
    native_threads.wait()
    complaints = Complaints({_words(destination): destination.url for destination in choices.destinations})
    # metrics first: at the end of the process they are what must not be missing
    ordered = sorted(choices.destinations, key=lambda destination: destination.signal)
    feeds = [_feed(destination, choices, places, complaints) for destination in ordered]
    return OtelExporter(feeds, Sender(feeds))


def _words(destination: Destination) -> str:
    return "spans" if destination.signal == "traces" else "metrics"


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
