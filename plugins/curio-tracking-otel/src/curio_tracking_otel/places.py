"""Places: where spans and metrics come from: the OpenTelemetry resource of a record, and our own name and version.

A resource is taken from the record, not from the machine: where a filter has removed the host, it has none either.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import uuid4

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.sdk.version import __version__ as sdk_version

from curio_tracking_otel.attributes import text, whole

if TYPE_CHECKING:
    from curio_tracking.records import FeatureRecord
    from curio_tracking_otel.attributes import Value

SCOPE: Final = InstrumentationScope("curio_tracking_otel", version("curio-tracking-otel"))
Place: TypeAlias = "tuple[str | None, str | None, str | None, str | None, int | None]"
"""App, version, environment, host and process of a record."""
NOWHERE: Final[Place] = (None, None, None, None, None)
_MOST_PLACES: Final = 8
"""One process is one place; more come only from a filter that changes them, and must not grow without end."""


class HashedResource(Resource):
    """A resource that computes its hash once; the encoder asks for it with every span, and the SDK's makes JSON."""

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash

    _hash: int | None = None


class Places:
    """The resources of one exporter."""

    def __init__(self, *, is_environment_chosen: bool) -> None:
        """Read OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME.

        Args:
            is_environment_chosen: whether somebody set ENVIRONMENT; its default gives way to those variables.
        """
        self._is_environment_chosen = is_environment_chosen
        # not `Resource.create`: it starts threads, which an interpreter that is shutting down refuses
        self._base: dict[str, Value] = {
            "service.name": f"unknown_service:{PurePath(sys.executable or 'python').name}",
            "service.instance.id": str(uuid4()),
            "telemetry.sdk.language": "python",
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.sdk.version": sdk_version,
        }
        given = OTELResourceDetector().detect().attributes
        self._given: dict[str, Value] = {key: str(value) for key, value in given.items()}
        self._resources: dict[Place, Resource] = {}

    def of(self, record: FeatureRecord) -> Place:
        """Return where the record came from; nowhere, if there were too many places before."""
        place = (record.app, record.version, record.environment, record.host, record.process_id)
        if place not in self._resources:
            if len(self._resources) >= _MOST_PLACES:
                place = NOWHERE
            self._resources.setdefault(place, HashedResource(self._attributes(place)))
        return place

    def resource(self, place: Place) -> Resource:
        """Return the resource of a place that `of` has returned."""
        return self._resources[place]

    def _attributes(self, place: Place) -> dict[str, Value]:
        app, version, environment, host, process_id = place
        names = ("service.name", "service.version", "host.name")
        own: dict[str, Value] = {
            name: text(value) for name, value in zip(names, (app, version, host), strict=True) if value is not None
        }
        if process_id is not None:
            own["process.pid"] = whole(process_id)
        if environment is not None:
            # the first is today's name, the second the one that many back ends still look for
            for name in ("deployment.environment.name", "deployment.environment"):
                if self._is_environment_chosen or not self._has_environment():
                    own[name] = text(environment)
        return self._base | self._given | own

    def _has_environment(self) -> bool:
        return any(name.startswith("deployment.environment") for name in self._given)
