"""FeatureTracker: what users hold. Light to import: pluggy, pydantic and the backends come with the first record.

Follow one call: `track_feature` (collecting/decorator, hotpath) -> Buffer -> Writer -> Assembler -> FilterChain ->
backend. Reading (`Questions`) goes the other way: flush, then a `Reader` over the same store.
"""

from __future__ import annotations

import os

from curio_tracking.collecting.checkup import health_of
from curio_tracking.collecting.clock import clock, record_id
from curio_tracking.collecting.collector import Collector
from curio_tracking.collecting.decorator import decorate
from curio_tracking.collecting.run import Run
from curio_tracking.collecting.running import current_cell
from curio_tracking.collecting.site import Site
from curio_tracking.collecting.switches import Switches, from_environment
from curio_tracking.efficiency import Targets
from curio_tracking.questions import Questions
from curio_tracking.vocabulary import FeatureCategory, FeatureStatus

TYPE_CHECKING = False  # typing costs 10 ms; a checker takes this name for the real one
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, ParamSpec, TypeVar, overload

    from curio_tracking.collecting.pipeline import Pipeline
    from curio_tracking.reader import Reader

    _P = ParamSpec("_P")
    _R = TypeVar("_R")


class FeatureTracker(Questions):
    """Tracks features and answers questions about them.

    The module's `feature_tracker` is the one that `track_feature` and `track` use; further ones are for programs that
    keep separate stores.
    """

    def __init__(self, **settings: Any) -> None:
        """Read the settings, load the plugins and check the backend at once.

        Args:
            **settings: any setting in lower case, for example `backend="csv", data_dir=path`; they outrank the
                environment.

        Raises:
            SettingsError, UnknownNameError, PluginError: a setting, backend or plugin cannot be used.
        """
        self._settings: dict[str, Any] = settings
        pipeline = self._load_pipeline(strict=True)
        self._collector = Collector(Switches.of(pipeline.settings), _pipeline_per_process(pipeline))
        self._connect()

    @classmethod
    def when_needed(cls) -> FeatureTracker:
        """Return a tracker that reads settings and loads plugins with its first record, on the writer thread.

        Nothing raises: a bad setting is logged once and replaced by its default.
        """
        tracker = cls.__new__(cls)
        tracker._settings = {}
        tracker._collector = Collector(from_environment(), tracker._load_pipeline)
        tracker._connect()
        return tracker

    def configure(self, **settings: Any) -> None:
        """Replace settings from here on; what was recorded before is written first.

        Raises:
            SettingsError, UnknownNameError, PluginError: as the constructor; the tracker then stays as it was.
        """
        before = self._settings
        self._settings = {**before, **settings}
        try:
            pipeline = self._load_pipeline(strict=True)
        except Exception:
            self._settings = before
            raise
        self._collector.restart(_pipeline_per_process(pipeline))
        self._collector.switch(Switches.of(pipeline.settings))
        self._connect()

    def _load_pipeline(self, *, strict: bool = False) -> Pipeline:
        from curio_tracking import runtime  # late: pydantic and pluggy cost 150 ms, on the writer thread nobody waits

        return runtime.load_pipeline(self._settings, strict=strict)

    def _connect(self) -> None:
        writer = self._collector.writer
        writer.on_started = lambda pipeline: pipeline.host.started(self)
        writer.on_stopping = lambda pipeline: pipeline.host.stopping(self)

    # -- collecting -------------------------------------------------------------------------------------------------

    if TYPE_CHECKING:

        @overload
        def track_feature(self, name: Callable[_P, _R], /) -> Callable[_P, _R]: ...

        @overload
        def track_feature(
            self,
            name: str | None = None,
            category: FeatureCategory | str = FeatureCategory.OTHER,
            *,
            target_seconds: float | None = None,
            target_size: float | None = None,
            target_iterations: float | None = None,
            partial_if: Callable[[Any], bool] | None = None,
            ignore: str | Iterable[str] = (),
        ) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...

    def track_feature(
        self,
        name: Any = None,
        category: FeatureCategory | str = FeatureCategory.OTHER,
        *,
        target_seconds: float | None = None,
        target_size: float | None = None,
        target_iterations: float | None = None,
        partial_if: Callable[[Any], bool] | None = None,
        ignore: str | Iterable[str] = (),
    ) -> Any:
        """Track every call of a function, coroutine function, generator or async generator; bare or called.

        Args:
            name: the feature's name; the function's qualified name if left out.
            category: a `FeatureCategory`, its value or name, or a name that a plugin registered.
            target_seconds, target_size, target_iterations: what efficiency is measured against.
            partial_if: told the result, says whether the work was done only in part.
            ignore: parameters that are never captured.

        Returns:
            The tracked callable, or (when called with arguments) the decorator that makes it.
        """
        has_targets = (target_seconds, target_size, target_iterations) != (None, None, None)
        targets = Targets(target_seconds, target_size, target_iterations) if has_targets else None

        def decorator(function: Any) -> Any:
            feature_name = _name_of(function) if name is None or name is function else name
            site = Site(self._collector, feature_name, category, targets=targets, partial_if=partial_if)
            return decorate(function, site, tuple([ignore] if isinstance(ignore, str) else ignore))

        return decorator(name) if callable(name) or isinstance(name, (staticmethod, classmethod)) else decorator

    def track(self, name: str, category: FeatureCategory | str = FeatureCategory.OTHER, /, **metadata: Any) -> Run:
        """Return a block to track: `with track("import", "file_operation") as run: ...`; sync and async.

        Args:
            **metadata: custom keys for the record's metadata.
        """
        run = Run(Site(self._collector, name, category))
        run.metadata.update(metadata)
        return run

    def start_custom_tracking(
        self,
        feature_name: str,
        category: FeatureCategory | str = FeatureCategory.OTHER,
        user_id: str | None = None,
        session_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Begin an execution whose end is reported by `complete_custom_tracking`, from wherever that is.

        Returns:
            The id of the record to be. With tracking off it is an id of nothing; completing it does nothing.
        """
        collector = self._collector
        if not collector.switches.enabled:
            return record_id(clock(), current_cell()[2])
        site = Site(collector, feature_name, category)
        started = collector.guard.call(
            "start_custom_tracking", collector.open_runs.start, site, user_id, session_id, metadata
        )
        return str(started or "")

    def complete_custom_tracking(
        self,
        record_id: str,
        status: FeatureStatus | str = FeatureStatus.SUCCESS,
        input_size: int | None = None,
        output_size: int | None = None,
        efficiency_score: float | None = None,
        iterations: int = 1,
        error_message: str | None = None,
        error_type: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """End an execution. An id that is unknown or completed already never raises: it is counted in `health()`."""
        collector = self._collector
        if not collector.switches.enabled:
            return
        facts = {
            "input_size": input_size,
            "output_size": output_size,
            "efficiency_score": efficiency_score,
            "iterations": iterations,
            "error_message": error_message,
            "error_type": error_type,
            "metadata": metadata,
        }
        collector.guard.call("complete_custom_tracking", collector.open_runs.complete, record_id, status, facts)

    # -- the pipeline -----------------------------------------------------------------------------------------------

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was recorded before is acknowledged by the backend; False after `timeout` seconds."""
        return self._collector.writer.flush(timeout)

    def health(self) -> dict[str, Any]:
        """Return how the tracker is: recorded = written + folded + dropped + pending calls, at one moment.

        Returns:
            The keys of `curio_tracking.health.HEALTH_FIELDS`; among them `recorded, written, folded, pending` (calls),
            `dropped` (calls by reason), `errors` (failures of our own by place), `state`, times of flushes in seconds.
        """
        return health_of(self._collector)

    def close(self, timeout: float | None = None) -> None:
        """Write what is buffered, within `timeout` seconds (default EXIT_TIMEOUT); later calls are dropped."""
        self._collector.writer.stop(timeout)

    # -- reading ----------------------------------------------------------------------------------------------------

    def reader(self) -> Reader:
        """Return a new reader over this tracker's store, after a flush; the caller closes it.

        Raises:
            CurioError: the settings or the store cannot be read.
        """
        self.flush()
        from curio_tracking import runtime  # late: see _load_pipeline

        pipeline = self._collector.writer.pipeline or self._load_pipeline(strict=True)
        return runtime.open_reader(pipeline.settings, pipeline.host)

    def forget(self, user_id: str) -> dict[str, Any]:
        """Erase a user from this tracker's data directory, what this process has in its queue included.

        Args:
            user_id: the plain id.

        Returns:
            The receipt: `complete, erased, remaining, by_key, stores, problems, not_corrected, not_reached` and more;
            docs/how-to/forget-a-user.md says what they mean.

        Raises:
            CurioError: the id is empty, or settings, backend or keys cannot be used.
        """
        is_written = self.flush()
        from curio_tracking.forgetting.erasure import forget_here  # late: see _load_pipeline

        pipeline = self._collector.writer.pipeline or self._load_pipeline(strict=True)
        return forget_here(user_id, pipeline.settings, pipeline.host, is_written=is_written)


def _pipeline_per_process(pipeline: Pipeline) -> Callable[[], Pipeline]:
    """Return what gives this very pipeline here, and one of the same settings and plugins in each forked child.

    The counts, the process id, and the locks of a backend that was writing in the moment of the fork are the parent's.
    """
    made_in = os.getpid()

    def load() -> Pipeline:
        if os.getpid() == made_in:
            return pipeline
        from curio_tracking import runtime  # late: see _load_pipeline

        return runtime.put_together(pipeline.settings, pipeline.host, strict=False)

    return load


def _name_of(function: Any) -> str:
    function = getattr(function, "__func__", function)
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or type(function).__name__
    return str(name).replace("<locals>.", "")


feature_tracker = FeatureTracker.when_needed()
"""The tracker of `track_feature` and `track`; it does nothing until the first tracked call."""

track_feature = feature_tracker.track_feature
track = feature_tracker.track
