"""Pipelines for the default tracker under test: records stay in the process, and no exporter sends any on.

Loading plugins takes longer than most tests, so tests with the same settings share a pipeline; its store is emptied in
between. Imports pydantic and the plugins: only for tests that track something.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from curio_tracking import runtime
from curio_tracking.queries import RecordQuery
from curio_tracking.testing.pytest_plugin.environment import OWN_BACKEND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from curio_tracking.collecting.pipeline import Pipeline
    from curio_tracking.interfaces import StorageBackend
    from curio_tracking.plugins import PluginHost
    from curio_tracking.records import FeatureInfo, FeatureRecord
    from curio_tracking.testing.pytest_plugin.usage import UsageStore
    from curio_tracking.tracker import FeatureTracker

IsMine: TypeAlias = "Callable[[FeatureRecord], bool]"


class RecordsOfTest:
    """A backend that keeps what a test called, and leaves out calls that began before it (of another test's thread).

    Everything that `StorageBackend` does not name goes to the backend that it wraps.
    """

    def __init__(self, backend: StorageBackend, is_mine: IsMine) -> None:
        self._backend = backend
        self._is_mine = is_mine

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """Keep the records that are the test's."""
        self._backend.append([record for record in records if self._is_mine(record)])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class CountedRecords(RecordsOfTest):
    """The same, which also hands everything to the usage of the whole run."""

    def __init__(self, backend: StorageBackend, is_mine: IsMine, usage: UsageStore) -> None:
        super().__init__(backend, is_mine)
        self._usage = usage

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """Count the records, whoever called, then keep those of the test."""
        mine = [record for record in records if self._is_mine(record)]
        self._usage.add(records, mine)
        self._backend.append(mine)

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """Let the usage know of them, too."""
        known = list(features)
        self._usage.declare(known)
        self._backend.declare(known)


class IsolatedPipelines:
    """Makes the pipelines of one run and keeps those that tests can share."""

    def __init__(self, usage: UsageStore | None) -> None:
        """Args: what counts the usage of the whole run, if somebody wants to know."""
        self._usage = usage
        self._shared: dict[tuple[object, ...], Pipeline] = {}
        self._told: PluginHost | None = None

    def load(self, settings: Mapping[str, Any], *, strict: bool, is_mine: IsMine) -> Pipeline:
        """Return a pipeline with a backend of its own.

        Args:
            settings: as arguments of `configure`.
            strict: whether bad ones raise.
            is_mine: whether a call is the test's; those that began before it are not.
        """
        is_shared = settings.get("backend") == OWN_BACKEND
        key = (os.getpid(), strict, *_variables(), *sorted((name, repr(value)) for name, value in settings.items()))
        pipeline = self._shared.get(key) if is_shared else None
        if pipeline is None:
            pipeline = self._new(settings, strict=strict)
            if is_shared:
                self._shared[key] = pipeline
        backend = runtime.make_backend(pipeline.settings, pipeline.host) if is_shared else pipeline.backend
        return replace(pipeline, backend=self._wrapped(backend, is_mine))

    def _new(self, settings: Mapping[str, Any], *, strict: bool) -> Pipeline:
        pipeline = runtime.load_pipeline(settings, strict=strict)
        for exporter in pipeline.exporters.values():  # what tests call is nobody's traffic
            with contextlib.suppress(Exception):
                exporter.close()
        pipeline.exporters = {}
        is_enabled = settings.get("enabled", pipeline.settings.enabled)
        if is_enabled != pipeline.settings.enabled:  # DO_NOT_TRACK outranks arguments; what a test asks for stays in it
            pipeline.settings = pipeline.settings.model_copy(update={"enabled": bool(is_enabled)})
        return pipeline

    def _wrapped(self, backend: StorageBackend, is_mine: IsMine) -> RecordsOfTest:
        if self._usage is None:
            return RecordsOfTest(backend, is_mine)
        return CountedRecords(backend, is_mine, self._usage)

    def started(self, pipeline: Pipeline, tracker: FeatureTracker) -> None:
        """Tell the plugins that the tracker runs; once per run, or instruments would wrap a library again and again."""
        if self._told is None:
            self._told = pipeline.host
            pipeline.host.started(tracker)

    def forget(self, pipeline: Pipeline) -> None:
        """Empty a store of this process, so that the next test finds nothing; a store of files is left alone."""
        if pipeline.settings.backend == OWN_BACKEND:
            pipeline.backend.delete(RecordQuery())

    def close(self, tracker: FeatureTracker) -> None:
        """Tell the plugins that the last test is over."""
        if self._told is not None:
            with contextlib.suppress(Exception):
                self._told.stopping(tracker)
        self._told = None
        self._shared.clear()


def _variables() -> list[tuple[str, str]]:
    """Return the variables that settings are read from; a test may have set some."""
    return sorted(
        (name, value)
        for name, value in os.environ.items()
        if name.startswith("FEATURE_TRACKING_") or name == "DO_NOT_TRACK"
    )
