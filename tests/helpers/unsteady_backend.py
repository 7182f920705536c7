"""A third party's backend that fails, hangs or refuses when a test says so, and the plugin that brings it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from curio_tracking import hookimpl
from curio_tracking.interfaces import BaseBackend
from curio_tracking.records import FeatureRecord


class Unsteady(BaseBackend):
    """A third party's backend whose disk fails when a test says so."""

    def __init__(self) -> None:
        self.kept: list[FeatureRecord] = []
        self.batches: list[int] = []
        self.failure: Exception | None = None
        self.poison: str | None = None
        self.seen = threading.Event()
        self.closed = 0

    def append(self, records: Sequence[FeatureRecord]) -> None:
        self.seen.set()
        if self.failure is not None:
            raise self.failure
        if any(record.feature_name == self.poison for record in records):
            raise TypeError("this record cannot be stored")
        self.batches.append(len(records))
        self.kept += records

    def records(self, query: Any) -> Any:
        return iter([record for record in self.kept if query.matches(record)])

    def delete(self, query: Any) -> int:
        return 0

    def close(self) -> None:
        self.closed += 1


class Plugin:
    """Registers one backend, and whatever else a test needs."""

    def __init__(self, backend: Unsteady, filters: dict[str, Any] | None = None, exporters: Any = ()) -> None:
        self.backend = backend
        self.filters = filters or {}
        self.exporters = dict(exporters)

    @hookimpl
    def curio_register_backends(self, register: Any) -> None:
        register("unsteady", lambda settings: self.backend)

    @hookimpl
    def curio_register_filters(self, register: Any) -> None:
        for name, made in self.filters.items():
            register(name, lambda settings, made=made: made)

    @hookimpl
    def curio_register_exporters(self, register: Any) -> None:
        for name, made in self.exporters.items():
            register(name, lambda settings, made=made: made)


class Hanging(Unsteady):
    """A backend that does not return before a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_return = threading.Event()

    def append(self, records: Sequence[FeatureRecord]) -> None:
        self.seen.set()
        self.may_return.wait(600)
        super().append(records)
