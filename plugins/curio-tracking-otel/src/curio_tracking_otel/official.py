"""Official: the exporters of the OpenTelemetry project, built for a destination.

What a destination leaves open (None) they read from OpenTelemetry's variables themselves: certificates, time limits,
headers, compression. Modules are imported for the protocol that is used, the first time.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Protocol

from opentelemetry.util.re import parse_env_headers

from curio_tracking_otel.grpc_import import import_grpc
from curio_tracking_otel.silence import watch_loggers

if TYPE_CHECKING:
    from curio_tracking_otel.environment import Destination

MOST_POINTS: Final = 4000
"""Data points in one request over gRPC, whose servers take 4 MiB by default; over HTTP they take more."""


_NO_HEADERS: Final = (("x-sent-by", "curio-tracking-otel"),)


class OfficialExporter(Protocol):
    """What span and metric exporters have in common."""

    def export(self, batch: Any, /) -> Any:
        """Send the batch and return an enumerated result named SUCCESS or FAILURE."""

    def shutdown(self) -> None:
        """Break off what is being sent, and close connections."""


def build(destination: Destination, timeout: float | None) -> OfficialExporter:
    """Return a new exporter for the destination.

    Args:
        destination: signal, protocol and address.
        timeout: seconds for one call of `export`; None: what the destination or the environment says.
    """
    arguments: dict[str, Any] = {
        "endpoint": destination.url,
        "timeout": destination.timeout if timeout is None else timeout,
    }
    if destination.protocol == "grpc":
        return _grpc(destination, arguments)
    return _http(destination, arguments)


def _grpc(destination: Destination, arguments: dict[str, Any]) -> OfficialExporter:
    import_grpc()
    from grpc import Compression  # type: ignore[import-untyped]
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    arguments["insecure"] = destination.is_insecure
    if destination.signal == "metrics":
        arguments["max_export_batch_size"] = MOST_POINTS
    if destination.headers is not None:
        # given none, it would read the variables
        arguments["headers"] = tuple(destination.headers.items()) or _NO_HEADERS
    if destination.compression is not None:
        arguments["compression"] = Compression.Gzip if destination.compression == "gzip" else Compression.NoCompression
    # what was imported just now has loggers that nobody has silenced
    watch_loggers()
    return OTLPSpanExporter(**arguments) if destination.signal == "traces" else OTLPMetricExporter(**arguments)


def _http(destination: Destination, arguments: dict[str, Any]) -> OfficialExporter:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    from curio_tracking_otel.http_session import TellingSession

    arguments["session"] = TellingSession()
    if destination.headers is not None:
        arguments["headers"] = _instead_of_variables(destination)
    if destination.compression is not None:
        arguments["compression"] = Compression.Gzip if destination.compression == "gzip" else Compression.NoCompression
    # what was imported just now has loggers that nobody has silenced
    watch_loggers()
    return OTLPSpanExporter(**arguments) if destination.signal == "traces" else OTLPMetricExporter(**arguments)


def _instead_of_variables(destination: Destination) -> dict[str, str | None]:
    """Return the headers, and None (not to be sent, says requests) for each that the variables would add.

    The official HTTP exporter sends both; the variables may hold a token that is meant for somebody else.
    """
    names = (f"OTEL_EXPORTER_OTLP_{destination.signal.upper()}_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
    text = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return {**dict.fromkeys(parse_env_headers(text, liberal=True)), **(destination.headers or {})}
