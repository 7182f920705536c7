"""Tallies: calls and durations per feature, category and status, as the official SDK's metrics data.

Filled on the writer thread, read on the sending one. The number of series is bounded whatever features are called.
"""

from __future__ import annotations

from threading import Lock
from time import monotonic_ns, time_ns
from typing import TYPE_CHECKING, Final, TypeAlias

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    ExponentialHistogram,
    Histogram,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)

from curio_tracking_otel.attributes import CATEGORY, FEATURE, STATUS, text
from curio_tracking_otel.durations import Durations, ExplicitDurations, ExponentialDurations
from curio_tracking_otel.places import SCOPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curio_tracking.records import FeatureRecord
    from curio_tracking_otel.attributes import Value
    from curio_tracking_otel.environment import Choices
    from curio_tracking_otel.places import Place, Places

OTHER_FEATURES: Final = "_other"
OTHER_CATEGORIES: Final = "_other"
_MOST_CATEGORIES: Final = 64
Key: TypeAlias = "tuple[Place, str, str, str]"
"""Place, feature, category and status, as they are sent."""


class Series:
    """What is known of the calls with the same attributes."""

    __slots__ = ("calls", "durations")

    def __init__(self, durations: Durations) -> None:
        self.calls = 0.0
        self.durations = durations


class Tallies:
    """All series of one exporter."""

    def __init__(self, choices: Choices, places: Places) -> None:
        """Args: histogram, temporality and MAX_FEATURES; the resources."""
        self._places = places
        self._most_features = choices.options.max_features
        self._kind: type[Durations] = ExponentialDurations if choices.histogram == "exponential" else ExplicitDurations
        self._is_delta = choices.temporality == "delta"
        self._lock = Lock()
        self._features: set[str] = set()
        self._categories: set[str] = set()
        self._since_ns, self._since_counted_ns = time_ns(), monotonic_ns()
        self._series: dict[Key, Series] = {}
        self._taken: tuple[int, int, dict[Key, Series]] | None = None

    def add(self, records: Sequence[FeatureRecord]) -> None:
        """Count the calls that the records stand for."""
        with self._lock:
            for record in records:
                series = self._series_of(self._key(record))
                series.calls += record.sample_weight
                series.durations.add(record.duration, record.sample_weight)

    def take(self) -> MetricsData | None:
        """Return the metrics as of now; None if there are none. Deltas begin anew from here."""
        with self._lock:
            if not self._series:
                return None
            now_ns, counted_ns = time_ns(), monotonic_ns()
            data = self._data(self._end_ns(now_ns, counted_ns))
            if self._is_delta:
                self._taken = self._since_ns, self._since_counted_ns, self._series
                self._since_ns, self._since_counted_ns, self._series = now_ns, counted_ns, {}
            return data

    def give_back(self) -> None:
        """Count again what was taken last: it could not be sent. Totals lose nothing anyway."""
        with self._lock:
            if self._taken is None:
                return
            self._since_ns, self._since_counted_ns, taken = self._taken
            self._taken = None
            for key, series in taken.items():
                into = self._series_of(key)
                into.calls += series.calls
                into.durations.merge(series.durations)

    def _end_ns(self, now_ns: int, counted_ns: int) -> int:
        """Return when the points end: after they began, although the wall clock may have been set back since."""
        if now_ns > self._since_ns:
            return now_ns
        return self._since_ns + max(1, counted_ns - self._since_counted_ns)

    def _series_of(self, key: Key) -> Series:
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series(self._kind())
        return series

    def _key(self, record: FeatureRecord) -> Key:
        return (
            self._places.of(record),
            _known(text(record.feature_name), self._features, self._most_features, OTHER_FEATURES),
            _known(text(record.category), self._categories, _MOST_CATEGORIES, OTHER_CATEGORIES),
            record.status.value,
        )

    def _data(self, now_ns: int) -> MetricsData:
        by_place: dict[Place, list[Key]] = {}
        for key in self._series:
            by_place.setdefault(key[0], []).append(key)
        return MetricsData([self._of_place(place, keys, now_ns) for place, keys in by_place.items()])

    def _of_place(self, place: Place, keys: list[Key], now_ns: int) -> ResourceMetrics:
        return ResourceMetrics(self._places.resource(place), [ScopeMetrics(SCOPE, self._metrics(keys, now_ns), "")], "")

    def _metrics(self, keys: list[Key], now_ns: int) -> list[Metric]:
        temporality = AggregationTemporality.DELTA if self._is_delta else AggregationTemporality.CUMULATIVE
        calls, durations = [], []
        for key in keys:
            series, attributes = self._series[key], _attributes(key)
            calls.append(NumberDataPoint(attributes, self._since_ns, now_ns, series.calls))
            durations.append(series.durations.point(attributes, self._since_ns, now_ns))
        form = ExponentialHistogram if self._kind is ExponentialDurations else Histogram
        # both forms take points of their own kind, which the type of the list does not say
        histogram = form(durations, temporality)  # type: ignore[arg-type]
        return [
            Metric(
                "curio.feature.calls",
                "Calls of tracked features.",
                "{call}",
                Sum(calls, temporality, is_monotonic=True),
            ),
            Metric("curio.feature.duration", "Durations of calls of tracked features.", "s", histogram),
        ]


def _known(name: str, known: set[str], most: int, other: str) -> str:
    """Return the name if it is known, or can still become so; the other one's name otherwise."""
    if name in known:
        return name
    if len(known) >= most:
        return other
    known.add(name)
    return name


def _attributes(key: Key) -> dict[str, Value]:
    _, feature, category, status = key
    return {FEATURE: feature, CATEGORY: category, STATUS: status}
