"""Registration: the one place in a registry under which all trackers of a process count, also after a fork or reload.

Between `exporter` and `series`. A registry takes each name once, so the first tracker registers and the others join.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.registry import Collector

from curio_tracking.errors import PluginError
from curio_tracking_prometheus.listener import Listeners
from curio_tracking_prometheus.series import CALLS, DURATION, LAST_CALL, ProcessSeries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prometheus_client import Metric

    from curio_tracking.records import FeatureRecord
    from curio_tracking_prometheus.options import Options

_log: Final = logging.getLogger("curio_tracking")
_PLACE: Final = "curio_tracking_process_metrics"
"""Attribute of the registry. A variable of this module would be lost when the plugin is loaded anew."""


class ProcessMetrics(Collector):
    """What is registered: collects the series of this process, which are new ones in a forked child.

    Attributes:
        listeners: the HTTP servers that show them; none unless an option asks for one.
    """

    def __init__(self, registry: CollectorRegistry, most_features: int, buckets: Sequence[float]) -> None:
        """Args: where it will be registered; see `Options` for the others."""
        self._limits = (most_features, tuple(buckets))
        self._series = ProcessSeries(*self._limits)
        self.listeners = Listeners(registry)
        _of_this_process.add(self)

    def add(self, records: Sequence[FeatureRecord]) -> None:
        """Count the records."""
        self._series.add(records)

    def describe(self) -> Iterator[Metric]:
        """Yield the metrics without samples."""
        return self._series.describe()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics with their samples."""
        return self._series.collect()

    def has_limits(self, options: Options) -> bool:
        """Whether it was made with these limits."""
        return self._limits == (options.max_features, options.buckets)

    def renew_after_fork(self) -> None:
        """Begin anew in a forked child: the parent shows its own calls, and may have held a lock of some series."""
        self._series = ProcessSeries(*self._limits)
        self.listeners.renew_after_fork()


_of_this_process: Final[WeakSet[ProcessMetrics]] = WeakSet()


def process_metrics(options: Options, registry: CollectorRegistry = REGISTRY) -> ProcessMetrics:
    """Return the metrics of this process, registered; the same ones for every tracker.

    Args:
        options: the limits, if nobody has registered any yet.
        registry: by default the one that applications expose.

    Raises:
        PluginError: the application has metrics of the same names.
    """
    found: Any = getattr(registry, _PLACE, None)
    metrics: ProcessMetrics = found or ProcessMetrics(registry, options.max_features, options.buckets)
    try:
        registry.register(metrics)
    except ValueError:
        if found is None:
            raise PluginError(
                f"the application has metrics of its own called {CALLS}, {DURATION} or {LAST_CALL}; rename them, or set"
                " FEATURE_TRACKING_PROMETHEUS__EXPORTER=false"
            ) from None
    setattr(registry, _PLACE, metrics)
    if not metrics.has_limits(options):
        _log.warning("prometheus: MAX_FEATURES and BUCKETS of the first tracker in the process hold for all of them")
    return metrics


def _before_fork() -> None:
    for metrics in _all():
        metrics.listeners.pause()


def _after_fork_in_parent() -> None:
    for metrics in _all():
        metrics.listeners.resume()


def _renew_in_child() -> None:
    for metrics in _all():
        metrics.renew_after_fork()


def _all() -> list[ProcessMetrics]:
    while True:
        try:
            return list(_of_this_process)
        except RuntimeError:
            continue  # a tracker registers in this moment, on its own thread


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_renew_in_child)
