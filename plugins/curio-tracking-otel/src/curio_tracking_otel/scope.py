"""Scope: under which name and version spans and metrics are sent."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

from opentelemetry.sdk.util.instrumentation import InstrumentationScope

NAME: Final = "curio_tracking_otel"


def _version() -> str:
    try:
        return version("curio-tracking-otel")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return ""


SCOPE: Final = InstrumentationScope(NAME, _version())
