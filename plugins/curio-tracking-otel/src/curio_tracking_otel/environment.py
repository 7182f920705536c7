"""Environment: what the options leave open, from OpenTelemetry's standard variables.

Ends in `Choices`, plain values from which `assembly` builds the exporter. Knows no OpenTelemetry module.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from curio_tracking.errors import SettingsError
from curio_tracking_otel.options import HistogramKind, Options, Protocol, Temporality, endpoint_fault, parse_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

Signal: TypeAlias = Literal["traces", "metrics"]
_GRPC_PORT: Final = 4317
"""Registered for OTLP over gRPC; HTTP has 4318."""
_START: Final = "OTEL_EXPORTER_OTLP_"
_TEMPORALITY: Final = f"{_START}METRICS_TEMPORALITY_PREFERENCE"
_HISTOGRAM: Final = f"{_START}METRICS_DEFAULT_HISTOGRAM_AGGREGATION"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one signal goes, and how.

    Attributes:
        signal, protocol: what, and over what.
        url: as the official exporter takes it: complete for HTTP, without a path for gRPC.
        is_insecure: gRPC without TLS; None leaves it to the official exporter (the endpoint is not ours).
        headers: no others are sent; None leaves them to the official exporter, which reads OpenTelemetry's variables.
        timeout: seconds; None as above.
        compression: "none", "gzip" or None as above.
    """

    signal: Signal
    protocol: Protocol
    url: str
    is_insecure: bool | None = None
    headers: dict[str, str] | None = field(default=None, repr=False)
    timeout: float | None = None
    compression: str | None = None

    @property
    def what(self) -> str:
        """What goes there, in the words of the options."""
        return "spans" if self.signal == "traces" else "metrics"


@dataclass(frozen=True, slots=True)
class Choices:
    """All that was decided.

    Attributes:
        options: the exporter's own, for what needs no deciding.
        destinations: one per signal that is sent.
        histogram, temporality: of the metrics.
        why_nothing: what to do about it, when there is no destination.
    """

    options: Options
    destinations: tuple[Destination, ...] = ()
    histogram: HistogramKind = "explicit"
    temporality: Temporality = "cumulative"
    why_nothing: str = ""


def choose(options: Options, environ: Mapping[str, str]) -> Choices:
    """Return what the options say, completed by the variables.

    Raises:
        SettingsError: a variable has a value that cannot be used.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Choices(options, why_nothing="OTEL_SDK_DISABLED is true")
    wanted: list[Signal] = []
    if options.spans:
        wanted.append("traces")
    if options.metrics:
        wanted.append("metrics")
    found = (_destination(options, environ, signal) for signal in wanted)
    return Choices(
        options,
        tuple(destination for destination in found if destination is not None),
        options.histogram or _histogram(environ),
        options.temporality or _temporality(environ),
        "set FEATURE_TRACKING_OTEL__ENDPOINT" if wanted else "SPANS and METRICS are both false",
    )


def _destination(options: Options, environ: Mapping[str, str], signal: Signal) -> Destination | None:
    variable: str | None = None
    if options.endpoint is not None:
        endpoint = options.endpoint
    elif _is_exported(environ, signal) and (found := _first(environ, signal, "ENDPOINT")):
        variable, endpoint = found
    else:
        return None
    protocol = options.protocol or _protocol(environ, signal, endpoint)
    if variable is not None:
        fault = endpoint_fault(endpoint, needs_scheme=protocol != "grpc")
        if fault:
            raise SettingsError(f"{variable}: the endpoint cannot be used ({fault}); correct it")
    _check_files(environ, signal)
    if options.timeout is None:
        _check_timeout(environ, signal)
    # the variable of one signal holds the whole address, every other one what the path is added to
    is_whole = protocol == "grpc" or variable == f"{_START}{signal.upper()}_ENDPOINT"
    return Destination(
        signal,
        protocol,
        endpoint if is_whole else f"{endpoint.rstrip('/')}/v1/{signal}",
        None if variable else urlsplit(endpoint).scheme == "http",
        _headers(options),
        options.timeout,
        options.compression,
    )


def _check_files(environ: Mapping[str, str], signal: Signal) -> None:
    for name in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"):
        found = _first(environ, signal, name)
        if found is not None and not Path(found[1]).is_file():
            # the official exporters log a traceback, and go on without
            raise SettingsError(f"{found[0]}: there is no such file; correct it")


def _check_timeout(environ: Mapping[str, str], signal: Signal) -> None:
    variable, text = _first(environ, signal, "TIMEOUT") or ("", "1")
    try:
        is_usable = 0 < float(text) < math.inf
    except ValueError:
        is_usable = False
    if not is_usable:
        raise SettingsError(f"{variable}: a time limit is a number of seconds above 0; correct it, or set TIMEOUT")


def _is_exported(environ: Mapping[str, str], signal: Signal) -> bool:
    """Return whether the variables leave it at OTLP; OTEL_TRACES_EXPORTER=none, say, means that nothing is wanted."""
    exporters = environ.get(f"OTEL_{signal.upper()}_EXPORTER", "").split(",")
    return exporters == [""] or any(exporter.strip().startswith("otlp") for exporter in exporters)


def _headers(options: Options) -> dict[str, str] | None:
    if options.headers is not None:
        return parse_headers(options.headers.get_secret_value())
    # the variables may hold a token that is meant for the variables' endpoint alone
    return None if options.endpoint is None else {}


def _first(environ: Mapping[str, str], signal: Signal, name: str) -> tuple[str, str] | None:
    """Return (variable, value) of the signal's own variable, else of the common one; empty ones do not count."""
    for variable in (f"{_START}{signal.upper()}_{name}", f"{_START}{name}"):
        value = environ.get(variable, "").strip()
        if value:
            return variable, value
    return None


def _protocol(environ: Mapping[str, str], signal: Signal, endpoint: str) -> Protocol:
    found = _first(environ, signal, "PROTOCOL")
    if found is None:
        try:
            port = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}").port
        except ValueError:
            port = None
        return "grpc" if port == _GRPC_PORT else "http/protobuf"
    variable, value = found
    if value == "grpc":
        return "grpc"
    if value == "http/protobuf":
        return "http/protobuf"
    raise SettingsError(f'{variable}: only "grpc" and "http/protobuf" can be sent; set one of them, or PROTOCOL')


def _histogram(environ: Mapping[str, str]) -> HistogramKind:
    return "exponential" if environ.get(_HISTOGRAM, "").lower() == "base2_exponential_bucket_histogram" else "explicit"


def _temporality(environ: Mapping[str, str]) -> Temporality:
    # "lowmemory" differs from "delta" in instruments that there are none of here
    return "delta" if environ.get(_TEMPORALITY, "").lower() in ("delta", "lowmemory") else "cumulative"
