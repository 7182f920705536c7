"""The default tracker, lent to one test: empty at its beginning, put back exactly at its end.

Ties the pieces together: `collecting.loan` exchanges writer and counters, `pipelines` says where records go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.clock import clock, wall_ns
from curio_tracking.collecting.loan import Loan
from curio_tracking.collecting.switches import Switches
from curio_tracking.tracker import feature_tracker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.collecting.pipeline import Pipeline
    from curio_tracking.records import FeatureRecord
    from curio_tracking.testing.pytest_plugin.run import IsolatedRun

EVERYTHING: Final[Mapping[str, Any]] = {
    "enabled": True,
    "failures_only": False,
    "min_duration": 0.0,
    "sample_rate": 1.0,
}
"""What a deployment leaves out a test wants to see. What nobody shall see (EXCLUDE, REDACT, ANONYMIZE) stays hidden."""
_PLACE: Final = ("backend", "data_dir")


class LentTracker:
    """One loan of the default tracker.

    Attributes:
        sees_everything: whether every call is recorded, whatever the environment says.
    """

    def __init__(self, run: IsolatedRun, place: str) -> None:
        """Args: the run it is part of; under which name this process keeps the records."""
        tracker = self._tracker = feature_tracker
        self.sees_everything = False
        self._asked: dict[str, Any] = {}
        self._run = run
        self._place = place
        self._loaded: list[Pipeline] = []
        self._loaded_for: Mapping[str, Any] = {}
        self._settings = tracker._settings
        self._replaced = {name: vars(tracker).get(name) for name in ("_load_pipeline", "_connect")}
        self._loan = Loan(tracker._collector, self._load)
        # ids begin with the time of the start; those of calls that were under way before are smaller
        self._began = f"{wall_ns(clock()):016x}"
        tracker._settings = {name: value for name, value in self._settings.items() if name not in _PLACE}
        # on the instance, where `configure` and `reader` find them, too
        vars(tracker).update(_load_pipeline=self._load, _connect=self._connect)
        self._connect()

    def configure(self, settings: Mapping[str, Any], *, strict: bool) -> None:
        """Use settings from here on.

        Args:
            settings: as the arguments of `FeatureTracker.configure`.
            strict: whether bad ones raise; a log line otherwise.

        Raises:
            CurioError: strict, and a setting cannot be used.
        """
        tracker, collector = self._tracker, self._tracker._collector
        tracker._settings = {**tracker._settings, **settings}
        if strict:
            self._asked.update(settings)
        pipeline = self._load(strict=strict)
        collector.restart(lambda: pipeline)
        collector.switch(Switches.of(pipeline.settings))
        self._connect()

    def is_mine(self, record: FeatureRecord) -> bool:
        """Tell whether the call began during this loan."""
        return record.record_id >= self._began

    def see_everything(self) -> None:
        """Record every call from here on."""
        if not self.sees_everything:
            self.configure({**EVERYTHING, **self._asked}, strict=False)
            self.sees_everything = True

    def _load(self, *, strict: bool = False) -> Pipeline:
        given = self._tracker._settings
        # a reader asks before the writer has begun: what was loaded for these settings once is not judged again
        if self._loaded and self._loaded_for is given:
            return self._loaded[-1]
        settings = {**self._run.environment.location(given, self._place), **given}
        self._loaded.append(self._run.pipelines.load(settings, strict=strict, is_mine=self.is_mine))
        self._loaded_for = given
        return self._loaded[-1]

    def _connect(self) -> None:
        writer, tracker = self._tracker._collector.writer, self._tracker
        writer.on_started = lambda pipeline: self._run.pipelines.started(pipeline, tracker)
        writer.on_stopping = None

    def end(self) -> None:
        """Put back what was there before and forget the records."""
        tracker = self._tracker
        self._loan.end()
        tracker._settings = self._settings
        for name, value in self._replaced.items():
            if value is None:
                vars(tracker).pop(name, None)
            else:
                vars(tracker)[name] = value
        for pipeline in self._loaded:
            self._run.pipelines.forget(pipeline)
