"""Totals: from the summaries of a store to metrics, with bounded labels and counters that never go back by themselves.

Between `exposition` and the reader's summaries. Names differ from the exporter's, so that a sum over all jobs of a
Prometheus does not count a call twice.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.utils import floatToGoString

from curio_tracking.records import FeatureStatus
from curio_tracking.sketches import middle_of
from curio_tracking.summaries import Summary
from curio_tracking_prometheus.labels import NAMES, LabelBudget

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prometheus_client import Metric

    from curio_tracking.sketches import LogHistogram

PREFIX: Final = "curio_tracking_store_"
_COUNT_DECIMALS: Final = 3
_SUM_DIGITS: Final = 10
_MICROSECONDS: Final = 1e6


def store_metrics(features: Sequence[Summary], most_features: int, buckets: Sequence[float]) -> list[Metric]:
    """Return the metrics of a store.

    Args:
        features: one summary per feature and category, most calls first.
        most_features: how many of them get labels of their own; the others are added up under `_other`.
        buckets: upper bounds in seconds, ascending, without infinity.
    """
    known = GaugeMetricFamily(PREFIX + "features", "Features in the store, called or not.", len(features))
    calls = CounterMetricFamily(PREFIX + "calls", "Executions of features.", labels=(*NAMES, "status"))
    durations = HistogramMetricFamily(
        PREFIX + "call_duration", "Duration of executions of features, in seconds.", labels=NAMES, unit="seconds"
    )
    users = GaugeMetricFamily(PREFIX + "unique_users", "Distinct users of features, within 5 %.", labels=NAMES)
    latest = GaugeMetricFamily(
        PREFIX + "last_call_timestamp_seconds",
        "Start of the latest execution of a feature, in seconds since 1970 UTC; absent if it was never called.",
        labels=NAMES,
    )
    for labels, total in _by_labels(features, most_features).items():
        for status in FeatureStatus:
            calls.add_metric([*labels, status.value], steady_count(total.statuses.get(status, 0.0)))
        durations.add_metric(labels, cumulated(total.durations, buckets), steady_sum(total.mean_duration.total))
        users.add_metric(labels, total.users.count())
        if total.last_us is not None:
            latest.add_metric(labels, total.last_us / _MICROSECONDS)
    return [known, calls, durations, users, latest]


def cumulated(durations: LogHistogram, buckets: Sequence[float]) -> list[tuple[str, float]]:
    """Return (upper bound as text, executions that took at most so long) for each bucket, `+Inf` last.

    A bin of the log histogram counts, as a whole, where its middle is: the bounds are exact within 1 %.
    """
    weights = [0.0] * (len(buckets) + 1)
    for index, weight in durations.bins.items():
        weights[bisect_left(buckets, middle_of(index))] += weight
    bounds = [*map(floatToGoString, buckets), "+Inf"]
    return list(zip(bounds, map(steady_count, accumulate(weights)), strict=True))


def steady_count(value: float) -> float:
    """Return a number of executions, rounded so that the order in which weights were added up does not show.

    Sampled records have weights such as 1/0.3, and a store that tidies its files may add them up in another order. For
    Prometheus a counter that goes back by the last bit has started again from zero: it would count everything twice.
    """
    return round(value, _COUNT_DECIMALS)


def steady_sum(seconds: float) -> float:
    """Return a sum of durations, rounded for the same reason; to digits, as features may take microseconds."""
    return float(f"{seconds:.{_SUM_DIGITS}g}")


def _by_labels(features: Iterable[Summary], most_features: int) -> dict[tuple[str, str], Summary]:
    budget = LabelBudget(most_features)
    parts: dict[tuple[str, str], list[Summary]] = {}
    for feature in features:
        labels = budget.labels(feature.feature_name or "", feature.category or "")
        parts.setdefault(labels, []).append(feature)
    return {labels: _added_up(group) for labels, group in parts.items()}


def _added_up(parts: list[Summary]) -> Summary:
    if len(parts) == 1:
        return parts[0]
    # a new one: the summaries of a backend may be what it answers the next question with
    total = Summary()
    for part in parts:
        total.merge(part)
    return total
