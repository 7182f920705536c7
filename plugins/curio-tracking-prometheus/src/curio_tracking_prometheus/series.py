"""Series: the metrics of one process, made with the official client library, and how a record is counted in them.

Between the exporter and the library. In multi-process mode (PROMETHEUS_MULTIPROC_DIR) the library keeps the values in
files, which is why these are its own metric classes and not a collector of ours: it ignores collectors there.
"""

from __future__ import annotations

from bisect import bisect_left
from math import inf
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge, Histogram

from curio_tracking.records import FeatureStatus
from curio_tracking_prometheus.labels import NAMES, LabelBudget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prometheus_client import Metric

    from curio_tracking.records import FeatureRecord

CALLS: Final = "curio_tracking_calls"
DURATION: Final = "curio_tracking_call_duration"
LAST_CALL: Final = "curio_tracking_last_call_timestamp_seconds"
_MICROSECONDS: Final = 1e6


class WeightedHistogram(Histogram):
    """A histogram that counts an observation as many times as it happened.

    The library can only observe once; a folded record stands for as many calls as came while the buffer was full. What
    is used of its inside (`_sum`, `_buckets`, `_upper_bounds`) is what its own `observe` uses.
    """

    def observe_weighted(self, amount: float, weight: float) -> None:
        """Count `amount` with `weight`."""
        self._sum.inc(amount * weight)
        self._buckets[bisect_left(self._upper_bounds, amount)].inc(weight)


class FeatureSeries:
    """The series of one feature, looked up once."""

    __slots__ = ("_calls", "_duration", "_last_call", "_last_us")

    def __init__(self, calls: Counter, duration: WeightedHistogram, last_call: Gauge, labels: tuple[str, str]) -> None:
        # all statuses, called or not: a rate over a series that appears with the first failure misses that failure
        self._calls = {status: calls.labels(*labels, status.value) for status in FeatureStatus}
        self._duration = duration.labels(*labels)
        self._last_call = last_call.labels(*labels)
        self._last_us = 0

    def count(self, record: FeatureRecord) -> None:
        """Count the executions that a record stands for."""
        weight = record.sample_weight
        self._calls[record.status].inc(weight)
        # a sum that has seen NaN or infinity once stays there for good
        duration = record.duration if 0.0 <= record.duration < inf else 0.0
        self._duration.observe_weighted(duration, weight)
        if record.start_us > self._last_us:
            self._last_us = record.start_us
            self._last_call.set(record.start_us / _MICROSECONDS)


class ProcessSeries:
    """All series of one process. Threads may add and collect at the same time: each tracker has its own writer."""

    def __init__(self, most_features: int, buckets: Sequence[float]) -> None:
        """Args: see `Options`. Registers nothing."""
        self._calls = Counter(CALLS, "Executions of features in this process.", (*NAMES, "status"), registry=None)
        self._duration = WeightedHistogram(
            DURATION,
            "Duration of executions of features in this process, in seconds.",
            NAMES,
            unit="seconds",
            registry=None,
            buckets=buckets,
        )
        self._last_call = Gauge(
            LAST_CALL,
            "Start of the latest execution of a feature, in seconds since 1970 UTC.",
            NAMES,
            registry=None,
            multiprocess_mode="max",
        )
        self._budget = LabelBudget(most_features)
        self._own: dict[tuple[str, str], FeatureSeries] = {}
        self._by_labels: dict[tuple[str, str], FeatureSeries] = {}

    def add(self, records: Iterable[FeatureRecord]) -> None:
        """Count the records."""
        for record in records:
            series = self._own.get((record.feature_name, record.category))
            (series or self._series(record.feature_name, record.category)).count(record)

    def _series(self, feature_name: str, category: str) -> FeatureSeries:
        labels = self._budget.labels(feature_name, category)
        series = self._by_labels.get(labels)
        if series is None:
            series = FeatureSeries(self._calls, self._duration, self._last_call, labels)
            self._by_labels[labels] = series
        # names without labels of their own are not remembered: there may be any number of them
        if self._budget.has_own(feature_name, category):
            self._own[feature_name, category] = series
        return series

    def describe(self) -> Iterator[Metric]:
        """Yield the metrics without samples: the names that they take in a registry."""
        for family in (self._calls, self._duration, self._last_call):
            yield from family.describe()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics with their samples."""
        for family in (self._calls, self._duration, self._last_call):
            yield from family.collect()
