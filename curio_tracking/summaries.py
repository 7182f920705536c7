"""Summary: the totals of a group of records, in the one vocabulary of every surface.

A monoid: the empty summary is neutral and `merge` is associative and commutative, so the same class serves a naive
fold, the memory backend, rollups and the live view. Every figure is weighted by the records' `sample_weight`.
"""

from __future__ import annotations

from operator import mul
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from curio_tracking.records import FeatureInfo, FeatureRecord, FeatureStatus, iso_time
from curio_tracking.sketches import HyperLogLog, LogHistogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STATISTICS: Final[tuple[str, ...]] = (
    "feature_name",
    "category",
    "total_calls",
    "success_count",
    "failure_count",
    "partial_count",
    "timeout_count",
    "success_rate",
    "avg_duration",
    "min_duration",
    "max_duration",
    "p50_duration",
    "p95_duration",
    "p99_duration",
    "avg_efficiency",
    "avg_input_size",
    "avg_output_size",
    "total_iterations",
    "unique_users",
    "first_used",
    "last_used",
)

Columns: TypeAlias = "tuple[Sequence[Any], ...]"
"""What totals need of records, one sequence each: start_us, duration, efficiency_score, input_size, output_size,
iterations, user_id, sample_weight."""

SIGNIFICANT_DIGITS: Final = 12
"""Of means and rates: more than any clock has, fewer than sums of floats keep."""


class WeightedMean:
    """A weighted sum and its weight: the mean that merges."""

    __slots__ = ("total", "weight")

    def __init__(self, total: float = 0.0, weight: float = 0.0) -> None:
        self.total = total
        self.weight = weight

    def add(self, value: float, weight: float) -> None:
        """Count `value` with `weight`."""
        self.total += value * weight
        self.weight += weight

    def add_each(self, values: Sequence[float]) -> None:
        """Count each of the values once."""
        self.add_sum(sum(values), len(values))

    def add_sum(self, total: float, weight: float) -> None:
        """Count a weighted sum and its weight."""
        self.total += total
        self.weight += weight

    def merge(self, other: WeightedMean) -> None:
        """Add everything that `other` has counted."""
        self.add_sum(other.total, other.weight)

    def value(self) -> float | None:
        """Return the mean, or None over nothing."""
        return self.total / self.weight if self.weight else None


class Summary:
    """Totals of the records of one group.

    Attributes:
        group: what these records have in common, for example `{"feature_name": "f", "category": "other"}`.
        statuses: weight per status; their sum is `total_calls`.
        first_us, last_us: earliest and latest start, microseconds since 1970 UTC; None without records.
        values: what `as_dict` returned last; None since something was counted.
    """

    __slots__ = (
        "durations",
        "efficiency",
        "first_us",
        "group",
        "input_size",
        "iterations",
        "last_us",
        "max_duration",
        "mean_duration",
        "min_duration",
        "output_size",
        "statuses",
        "users",
        "values",
    )

    def __init__(self, group: dict[str, str | None] | None = None) -> None:
        self.group: dict[str, str | None] = group if group is not None else {}
        self.statuses: dict[str, float] = {}
        self.mean_duration = WeightedMean()
        self.min_duration: float | None = None
        self.max_duration: float | None = None
        self.durations = LogHistogram()
        self.efficiency = WeightedMean()
        self.input_size = WeightedMean()
        self.output_size = WeightedMean()
        self.iterations = 0.0
        self.users = HyperLogLog()
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.values: dict[str, Any] | None = None

    @property
    def feature_name(self) -> str | None:
        """The feature of this group, if it was grouped by feature."""
        return self.group.get("feature_name")

    @property
    def category(self) -> str | None:
        """The category of this group, if it was grouped by category."""
        return self.group.get("category")

    @property
    def weight(self) -> float:
        """How many executions were counted; fractional while sampling."""
        return sum(self.statuses.values())

    @property
    def total_calls(self) -> int:
        """How many executions were counted, rounded."""
        return round(self.weight)

    def add(self, record: FeatureRecord) -> None:
        """Count one record."""
        self.values = None
        weight = record.sample_weight
        duration = record.duration
        self.statuses[record.status] = self.statuses.get(record.status, 0.0) + weight
        self.mean_duration.add(duration, weight)
        self.widen(duration, duration, record.start_us, record.start_us)
        self.durations.add(duration, weight)
        if record.efficiency_score is not None:
            self.efficiency.add(record.efficiency_score, weight)
        if record.input_size is not None:
            self.input_size.add(record.input_size, weight)
        if record.output_size is not None:
            self.output_size.add(record.output_size, weight)
        self.iterations += record.iterations * weight
        if record.user_id is not None:
            self.users.add(record.user_id)

    def add_columns(self, status: str, columns: Columns) -> None:
        """Count records of one status that are given as columns: the same as `add` for each, at half the price.

        Args:
            status: of all of them.
            columns: at least one value each, see `Columns`.
        """
        starts, durations, efficiencies, input_sizes, output_sizes, iterations, users, weights = columns
        self.values = None
        is_weighted = weights.count(1.0) < len(weights)
        self.statuses[status] = self.statuses.get(status, 0.0) + (sum(weights) if is_weighted else len(weights))
        self.widen(min(durations), max(durations), min(starts), max(starts))
        means = (self.mean_duration, self.efficiency, self.input_size, self.output_size)
        measured = (durations, efficiencies, input_sizes, output_sizes)
        if is_weighted:
            for mean, values in zip(means, measured, strict=True):
                for value, weight in zip(values, weights, strict=True):
                    if value is not None:
                        mean.add(value, weight)
            for duration, weight in zip(durations, weights, strict=True):
                self.durations.add(duration, weight)
            self.iterations += sum(map(mul, iterations, weights))
        else:
            for mean, values in zip(means, measured, strict=True):
                mean.add_each([value for value in values if value is not None] if None in values else values)
            self.durations.add_each(durations)
            self.iterations += sum(iterations)
        self.users.add_each({*users} - {None})

    def merge(self, other: Summary) -> None:
        """Add everything that `other` has counted; the group stays this one's."""
        self.values = None
        for status, weight in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0.0) + weight
        self.mean_duration.merge(other.mean_duration)
        if other.first_us is not None and other.last_us is not None:
            self.widen(other.min_duration or 0.0, other.max_duration or 0.0, other.first_us, other.last_us)
        self.durations.merge(other.durations)
        self.efficiency.merge(other.efficiency)
        self.input_size.merge(other.input_size)
        self.output_size.merge(other.output_size)
        self.iterations += other.iterations
        self.users.merge(other.users)

    def widen(self, shortest: float, longest: float, first_us: int, last_us: int) -> None:
        """Count further extremes: durations in seconds, starts in microseconds since 1970 UTC."""
        if self.min_duration is None or shortest < self.min_duration:
            self.min_duration = shortest
        if self.max_duration is None or longest > self.max_duration:
            self.max_duration = longest
        if self.first_us is None or first_us < self.first_us:
            self.first_us = first_us
        if self.last_us is None or last_us > self.last_us:
            self.last_us = last_us

    def count(self, status: FeatureStatus) -> int:
        """Return how many executions ended with `status`, rounded."""
        return round(self.statuses.get(status, 0.0))

    def quantile(self, fraction: float) -> float | None:
        """Return the duration in seconds that `fraction` (0..1) of the executions did not exceed, within 1 %."""
        return self.quantiles((fraction,))[0]

    def quantiles(self, fractions: Sequence[float]) -> list[float | None]:
        """Return several quantiles, see `quantile`."""
        shortest, longest = self.min_duration, self.max_duration
        if shortest is None or longest is None:
            return [None] * len(fractions)
        estimates = self.durations.quantiles(fractions)
        return [None if estimate is None else min(max(estimate, shortest), longest) for estimate in estimates]

    def as_dict(self) -> dict[str, Any]:
        """Return the statistics under their public names, JSON-ready.

        Durations are seconds, `success_rate` is percent, times are ISO 8601 UTC; averages over nothing are None.
        Further dimensions of the group (version, environment ...) follow under their own names.
        """
        if self.values is None:
            # kept: a dashboard asks again and again, and most features had no new call meanwhile
            self.values = self._statistics()
        return self.values.copy()

    def _statistics(self) -> dict[str, Any]:
        weight = self.weight
        p50, p95, p99 = self.quantiles((0.50, 0.95, 0.99))
        values: dict[str, Any] = {
            "feature_name": self.feature_name,
            "category": self.category,
            "total_calls": self.total_calls,
            "success_count": self.count(FeatureStatus.SUCCESS),
            "failure_count": round(self.statuses.get("failed", 0.0) + self.statuses.get("timeout", 0.0)),
            "partial_count": self.count(FeatureStatus.PARTIAL),
            "timeout_count": self.count(FeatureStatus.TIMEOUT),
            "success_rate": _settled(100.0 * self.statuses.get("success", 0.0) / weight if weight else None),
            "avg_duration": _settled(self.mean_duration.value()),
            "min_duration": self.min_duration,
            "max_duration": self.max_duration,
            "p50_duration": p50,
            "p95_duration": p95,
            "p99_duration": p99,
            "avg_efficiency": _settled(self.efficiency.value()),
            "avg_input_size": _settled(self.input_size.value()),
            "avg_output_size": _settled(self.output_size.value()),
            "total_iterations": round(self.iterations),
            "unique_users": self.users.count(),
            "first_used": None if self.first_us is None else iso_time(self.first_us),
            "last_used": None if self.last_us is None else iso_time(self.last_us),
        }
        return values | {name: value for name, value in self.group.items() if name not in values}


def _settled(mean: float | None) -> float | None:
    """Return the mean without the last digits, which depend on the order in which a backend happened to add."""
    return None if mean is None else float(f"{mean:.{SIGNIFICANT_DIGITS}g}")


def fold(records: Iterable[FeatureRecord], group_by: tuple[str, ...]) -> dict[tuple[str | None, ...], Summary]:
    """Return one summary per distinct value of `group_by` (names of record fields), keyed by those values."""
    summaries: dict[tuple[str | None, ...], Summary] = {}
    for record in records:
        key = tuple([getattr(record, name) for name in group_by])
        summary = summaries.get(key)
        if summary is None:
            summary = summaries[key] = Summary(dict(zip(group_by, key, strict=True)))
        summary.add(record)
    return summaries


def with_declared(
    summaries: dict[tuple[str | None, ...], Summary], features: Iterable[FeatureInfo], group_by: tuple[str, ...]
) -> Iterator[Summary]:
    """Yield the summaries, then an empty one for each declared feature that none of them covers.

    Only groupings by feature (with or without category) can show what was never called; others pass unchanged.
    """
    yield from summaries.values()
    if "feature_name" in group_by and set(group_by) <= {"feature_name", "category"}:
        seen = set(summaries)
        for info in features:
            key = tuple([getattr(info, name) for name in group_by])
            if key not in seen:
                seen.add(key)
                yield Summary(dict(zip(group_by, key, strict=True)))
