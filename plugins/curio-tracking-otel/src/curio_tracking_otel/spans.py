"""Spans: a record as the official SDK's `ReadableSpan`, with the times and ids of the record.

A tracer cannot make them: it takes its own clock's time at the end of a span and ids from a generator that does not
know the record. Runs on the sending thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from curio_tracking.records import FeatureStatus
from curio_tracking_otel.attributes import of_record, text
from curio_tracking_otel.identity import span_id, trace_id
from curio_tracking_otel.options import LARGEST_BATCH
from curio_tracking_otel.places import SCOPE

if TYPE_CHECKING:
    from curio_tracking.records import FeatureRecord
    from curio_tracking_otel.places import Places

_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_UNSET: Final = Status(StatusCode.UNSET)
_ERRORS: Final = (FeatureStatus.FAILED, FeatureStatus.TIMEOUT)
_LATEST: Final = (1 << 63) - 1
"""Nanoseconds; the protocol has unsigned numbers, but not every receiver."""
_TEXTS: Final = 8
"""How many texts of up to `LONGEST_TEXT` a span has without metadata: names, category, id and those of an error."""


def largest_batch(metadata_keys: int) -> int:
    """Return how many spans go into one request: `LARGEST_BATCH`, fewer with metadata.

    However long their texts are, they fit into the 4 MiB that a gRPC server takes by default.
    """
    return LARGEST_BATCH * _TEXTS // (_TEXTS + metadata_keys)


def make_span(record: FeatureRecord, places: Places, metadata_keys: tuple[str, ...]) -> ReadableSpan:
    """Return the span of a record.

    Args:
        record: as it was written.
        places: gives the resource.
        metadata_keys: which of its metadata to take along.
    """
    trace = trace_id(record)
    start = min(max(0, record.start_us * 1000), _LATEST)
    end = min(start + max(0, round(record.duration * 1e9)), _LATEST)
    parent = record.parent_id
    return ReadableSpan(
        name=text(record.feature_name),
        context=_context(trace, span_id(record.record_id)),
        parent=None if parent is None else _context(trace, span_id(parent)),
        resource=places.resource(places.of(record)),
        attributes=of_record(record, metadata_keys),
        events=_events(record, end),
        kind=SpanKind.INTERNAL,
        status=_status(record),
        start_time=start,
        end_time=end,
        instrumentation_scope=SCOPE,
    )


def _context(trace: int, span: int) -> SpanContext:
    return SpanContext(trace, span, is_remote=False, trace_flags=_SAMPLED)


def _status(record: FeatureRecord) -> Status:
    """Failures are errors; the rest stays unset, as OpenTelemetry asks of instrumentation ("ok" is the user's word)."""
    if record.status not in _ERRORS:
        return _UNSET
    return Status(StatusCode.ERROR, text(record.error_message or record.error_type or record.status.value))


def _events(record: FeatureRecord, end: int) -> tuple[Event, ...]:
    if record.error_type is None:
        return ()
    attributes = {"exception.type": text(record.error_type)}
    if record.error_message is not None:
        attributes["exception.message"] = text(record.error_message)
    return (Event("exception", attributes, end),)
