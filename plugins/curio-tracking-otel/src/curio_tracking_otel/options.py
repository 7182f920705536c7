"""The options of the exporter: `FEATURE_TRACKING_OTEL__<OPTION>`, or the TOML table `otel`.

What is left unset here is taken from OpenTelemetry's standard variables (`environment`). Imports pydantic alone, which
whoever reads options has loaded.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

NAME: Final = "otel"
LARGEST_BATCH: Final = 512
"""Most spans in one request, as in the SDK."""
_TOKEN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")

Protocol: TypeAlias = Literal["grpc", "http/protobuf"]
Compression: TypeAlias = Literal["none", "gzip"]
HistogramKind: TypeAlias = Literal["explicit", "exponential"]
Temporality: TypeAlias = Literal["cumulative", "delta"]


class Options(BaseModel):
    """What can be set."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    endpoint: str | None = Field(
        None,
        description="Where to send: http://HOST:PORT or https://HOST:PORT; /v1/traces and /v1/metrics are added for "
        "HTTP. Unset: OTEL_EXPORTER_OTLP_ENDPOINT; without either, nothing is sent.",
    )
    protocol: Protocol | None = Field(
        None,
        description="grpc or http/protobuf. Unset: OTEL_EXPORTER_OTLP_PROTOCOL, else grpc for port 4317 and "
        "http/protobuf for any other.",
    )
    headers: SecretStr | None = Field(
        None,
        description="Sent with each request, as name=value,name=value (values URL-encoded). Unset: none where "
        "ENDPOINT is set, else OTEL_EXPORTER_OTLP_HEADERS.",
    )
    timeout: float | None = Field(
        None,
        gt=0,
        le=600,
        allow_inf_nan=False,
        description="Seconds that one request may take, retries included. Unset: OTEL_EXPORTER_OTLP_TIMEOUT, else 10.",
    )
    compression: Compression | None = Field(
        None, description="none or gzip. Unset: OTEL_EXPORTER_OTLP_COMPRESSION, else none."
    )
    spans: bool = Field(True, description="Send a span per record.")
    metrics: bool = Field(True, description="Send the metrics of calls and durations.")
    metadata: tuple[str, ...] = Field(
        (), max_length=32, description="Keys of the metadata to send with spans; none by default."
    )
    max_features: int = Field(
        200, ge=1, le=10_000, description='Features with metrics of their own; further ones count as "_other".'
    )
    queue_size: int = Field(
        10_000,
        ge=LARGEST_BATCH,
        le=1_000_000,
        description="Most records that wait to be sent as spans; beyond, the oldest are given up and counted.",
    )
    span_interval: float = Field(
        5.0,
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="Seconds between sending spans; a full batch (512) goes at once.",
    )
    metrics_interval: float = Field(
        60.0, gt=0, le=86_400, allow_inf_nan=False, description="Seconds between sending metrics."
    )
    histogram: HistogramKind | None = Field(
        None,
        description="Buckets of durations: explicit (fixed bounds) or exponential (2 % wide while they last). Unset: "
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION, else explicit.",
    )
    temporality: Temporality | None = Field(
        None,
        description="cumulative: totals since the start; delta: since the last time. Unset: "
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, else cumulative.",
    )

    @field_validator("endpoint", "headers", "protocol", "compression", "histogram", "temporality", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str | None) -> str | None:
        fault = endpoint_fault(value) if value is not None else None
        if fault:
            raise PydanticCustomError("endpoint", "{fault}", {"fault": fault})
        return value

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            parse_headers(value.get_secret_value() if value is not None else "")
        except ValueError as error:
            raise PydanticCustomError("headers", "{fault}", {"fault": str(error)}) from None
        return value


def endpoint_fault(endpoint: str, *, needs_scheme: bool = True) -> str | None:
    """Return what is wrong with an endpoint, without quoting it; None when it can be used.

    Args:
        endpoint: a URL.
        needs_scheme: whether HOST:PORT alone will not do.
    """
    try:
        parts = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
        port, host = parts.port, parts.hostname
    except ValueError:
        return "it is no URL"
    if parts.username is not None or parts.password is not None:
        return "credentials do not belong there; give them as HEADERS"
    if (parts.scheme or needs_scheme) and parts.scheme not in ("http", "https"):
        return "it must begin with http:// or https://"
    if not host or port == 0 or parts.query or parts.fragment or any(sign.isspace() for sign in endpoint):
        return "it must be http://HOST:PORT or https://HOST:PORT"
    return None


def parse_headers(text: str) -> dict[str, str]:
    """Return the headers that `name=value,name=value` stands for, names in lower case and values decoded.

    Raises:
        ValueError: something is no header; the message quotes nothing of the text.
    """
    headers = {}
    for number, part in enumerate(filter(None, (part.strip() for part in text.split(","))), 1):
        name, sign, value = part.partition("=")
        name, value = unquote(name).strip().lower(), unquote(value).strip()
        if not sign or not name or not set(name) <= _TOKEN:
            raise ValueError(f"header {number} is not of the form name=value")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"the value of header {number} holds other than printable ASCII characters")
        headers[name] = value
    return headers
