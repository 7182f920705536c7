from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curio_tracking.errors import QueryError
from curio_tracking.records import FeatureInfo, FeatureRecord, FeatureStatus
from curio_tracking.sketches import LogHistogram
from curio_tracking.summaries import Summary, fold
from curio_tracking.testing.strategies import records as any_records
from curio_tracking.testing.strategies import texts
from curio_tracking_prometheus.exposition import StorePage
from curio_tracking_prometheus.labels import label_value
from curio_tracking_prometheus.options import DEFAULT_BUCKETS, Options
from curio_tracking_prometheus.totals import cumulated, store_metrics

Make = Callable[..., FeatureRecord]
Page = Callable[..., dict[tuple[str, frozenset[tuple[str, str]]], float]]
CALLS = "curio_tracking_store_calls_total"
DURATION = "curio_tracking_store_call_duration_seconds"


def key(name: str, feature: str = "translate", category: str = "ai_provider", **more: str) -> Any:
    return name, frozenset({"feature": feature, "category": category, **more}.items())


def test_executions_are_counted_by_status_and_weight(page: Page, record: Make) -> None:
    samples = page([record(0), record(1, sample_weight=4.0), record(2, status=FeatureStatus.FAILED)])
    found = {status.value: samples[key(CALLS, status=status.value)] for status in FeatureStatus}
    assert found == {"success": 5, "failed": 1, "partial": 0, "timeout": 0}


def test_declared_feature_that_was_never_called_counts_zero(page: Page) -> None:
    samples = page([], [FeatureInfo("legacy", "other")])
    assert samples[key(CALLS, "legacy", "other", status="success")] == 0
    assert samples[key(DURATION + "_count", "legacy", "other")] == 0
    assert key("curio_tracking_store_last_call_timestamp_seconds", "legacy", "other") not in samples
    assert samples["curio_tracking_store_features", frozenset()] == 1


def test_empty_store_is_no_error(page: Page) -> None:
    assert page([]) == {("curio_tracking_store_features", frozenset()): 0}


def test_users_are_a_number(page: Page, record: Make) -> None:
    samples = page([record(n, user_id=f"user {n % 3}") for n in range(9)])
    assert samples[key("curio_tracking_store_unique_users")] == 3


def test_ids_and_texts_of_a_record_are_not_shown(make_page: Callable[..., bytes], record: Make) -> None:
    hidden = {name: f"secret-{name}" for name in ("user_id", "session_id", "error_message", "host", "app", "version")}
    assert b"secret" not in make_page([record(**hidden, metadata={"plan": "secret"})])


def test_latest_start_is_shown_in_seconds(page: Page, record: Make) -> None:
    samples = page([record(0, start_us=1_500_000), record(1, start_us=500_000)])
    assert samples[key("curio_tracking_store_last_call_timestamp_seconds")] == 1.5


def test_parameters_are_refused(record: Make) -> None:
    with pytest.raises(QueryError, match="takes no parameters"):
        StorePage(Options()).render(None, {"since": "7d"})  # type: ignore[arg-type] # not reached


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(names=st.lists(st.tuples(texts(), texts()), max_size=15))
def test_hostile_names_are_found_again_by_the_parser(names: list[tuple[str, str]], page: Page, record: Make) -> None:
    samples = page([record(n, feature_name=name, category=category) for n, (name, category) in enumerate(names)])
    for name, category in names:
        labels = label_value(name), label_value(category)
        same = [pair for pair in names if (label_value(pair[0]), label_value(pair[1])) == labels]
        assert samples[key(CALLS, *labels, status="success")] == len(same)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(found=st.lists(any_records(), max_size=20, unique_by=lambda record: record.record_id))
def test_totals_equal_the_fold_of_the_records_however_few_features_are_shown(
    found: list[FeatureRecord], page: Page
) -> None:
    samples = page(found, max_features=2)
    expected = fold(found, ("status",))
    for status in FeatureStatus:
        total = sum(v for (name, labels), v in samples.items() if name == CALLS and ("status", status.value) in labels)
        assert total == pytest.approx(expected[status,].weight if (status,) in expected else 0.0, abs=0.01)


def test_features_with_most_calls_have_labels_of_their_own(page: Page, record: Make) -> None:
    names = ["rare"] + ["often"] * 5 + ["never again"] + ["usual"] * 3
    samples = page([record(n, feature_name=name) for n, name in enumerate(names)], max_features=2)
    counted = {name: samples.get(key(CALLS, name, status="success")) for name in ("often", "usual", "rare", "_other")}
    assert counted == {"often": 5, "usual": 3, "rare": None, "_other": 2}


def test_adding_up_leaves_the_summaries_of_the_backend_as_they_were(record: Make) -> None:
    features = list(fold([record(n, feature_name=f"f{n}") for n in range(4)], ("feature_name", "category")).values())
    store_metrics(features, 1, DEFAULT_BUCKETS)
    assert [feature.weight for feature in features] == [1, 1, 1, 1]


# -- the histogram --------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.floats(0, 1e5), st.floats(1, 1e3)), max_size=50),
    st.lists(st.floats(1e-6, 1e4), min_size=1, max_size=20, unique=True).map(sorted),
)
def test_buckets_only_rise_and_end_with_all_executions(
    durations: list[tuple[float, float]], bounds: list[float]
) -> None:
    histogram = LogHistogram()
    for duration, weight in durations:
        histogram.add(duration, weight)
    counts = [count for _, count in cumulated(histogram, bounds)]
    assert counts == sorted(counts)
    assert counts[-1] == pytest.approx(sum(weight for _, weight in durations), abs=0.001)


@given(st.lists(st.floats(1e-6, 1e4), max_size=50), st.floats(1e-5, 1e3))
def test_bound_of_a_bucket_is_exact_within_one_percent(durations: list[float], bound: float) -> None:
    histogram = LogHistogram()
    histogram.add_each(durations)
    (_, count), _ = cumulated(histogram, [bound])
    certainly = sum(duration <= bound / 1.0102 for duration in durations)
    possibly = sum(duration <= bound * 1.0102 for duration in durations)
    assert certainly <= count <= possibly


def test_sum_and_count_agree_with_the_calls(page: Page, record: Make) -> None:
    samples = page([record(n, duration=0.25, sample_weight=2.5) for n in range(4)])
    assert samples[key(DURATION + "_count")] == samples[key(CALLS, status="success")] == 10
    assert samples[key(DURATION + "_sum")] == 2.5
    assert samples[key(DURATION + "_bucket", le="+Inf")] == 10


@pytest.mark.parametrize("rate", [0.9, 0.3, 0.7, 0.123])
def test_order_in_which_a_store_adds_up_does_not_show(record: Make, rate: float) -> None:
    records = [record(n, sample_weight=1 / rate, duration=0.001 * n / 7) for n in range(1000)]
    shapes = {_shape(records, random.Random(seed)) for seed in range(20)}
    exact = {sum(part.weight for part in _parts(records, random.Random(seed))) for seed in range(20)}
    assert len(exact) > 1, "the example is too easy: every order gives the same sum"
    assert len(shapes) == 1


def _parts(records: list[FeatureRecord], order: random.Random) -> list[Summary]:
    """Summaries of pieces of the records, as segments and rollups make them."""
    shuffled = order.sample(records, len(records))
    cuts = [0, *sorted(order.sample(range(1, len(records)), 9)), len(records)]
    return [
        part for low, high in pairwise(cuts) for part in fold(shuffled[low:high], ("feature_name", "category")).values()
    ]


def _shape(records: list[FeatureRecord], order: random.Random) -> str:
    return repr([metric.samples for metric in store_metrics(_parts(records, order), 10, DEFAULT_BUCKETS)])


def test_every_metric_is_described_in_the_readme(make_page: Callable[..., bytes], record: Make, readme: str) -> None:
    shown = re.findall(r"^# TYPE (\S+) (\S+)$", make_page([record()]).decode(), re.MULTILINE)
    assert len(shown) == 5
    for name, kind in shown:
        assert f"| `{name}` | {kind}" in readme
