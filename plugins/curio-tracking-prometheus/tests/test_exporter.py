from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, generate_latest

from curio_tracking.errors import PluginError
from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.summaries import fold
from curio_tracking.testing.strategies import texts
from curio_tracking_prometheus.exporter import PrometheusExporter
from curio_tracking_prometheus.options import Options
from curio_tracking_prometheus.registration import process_metrics

Make = Callable[..., FeatureRecord]
Exposed = Callable[..., float | None]
TRANSLATE = {"feature": "translate", "category": "ai_provider"}
CALLS = "curio_tracking_calls_total"
DURATION = "curio_tracking_call_duration_seconds"


def exporter_in(registry: CollectorRegistry, **options: Any) -> PrometheusExporter:
    chosen = Options(**options)
    return PrometheusExporter(process_metrics(chosen, registry), chosen)


def test_executions_are_counted_by_status(registry: CollectorRegistry, record: Make, exposed: Exposed) -> None:
    statuses = [FeatureStatus.SUCCESS] * 3 + [FeatureStatus.FAILED] * 2 + [FeatureStatus.TIMEOUT]
    exporter_in(registry).export([record(n, status=status) for n, status in enumerate(statuses)])
    found = {status: exposed(CALLS, **TRANSLATE, status=status) for status in map(str, FeatureStatus)}
    assert found == {"success": 3, "failed": 2, "timeout": 1, "partial": 0}


def test_record_that_stands_for_many_executions_counts_as_many(
    registry: CollectorRegistry, record: Make, exposed: Exposed
) -> None:
    exporter_in(registry, buckets=(0.1, 1.0)).export(
        [record(duration=0.5, sample_weight=1000.0), record(duration=0.05)]
    )
    assert exposed(CALLS, **TRANSLATE, status="success") == 1001
    assert exposed(DURATION + "_sum", **TRANSLATE) == pytest.approx(500.05)
    assert [exposed(DURATION + "_bucket", **TRANSLATE, le=le) for le in ("0.1", "1.0", "+Inf")] == [1, 1001, 1001]


@pytest.mark.parametrize(("duration", "bound"), [(0.0, "0.1"), (0.1, "0.1"), (0.1000001, "1.0"), (1.5, "+Inf")])
def test_duration_counts_in_the_first_bucket_that_holds_it(
    registry: CollectorRegistry, record: Make, exposed: Exposed, duration: float, bound: str
) -> None:
    exporter_in(registry, buckets=(0.1, 1.0)).export([record(duration=duration)])
    filled = [le for le in ("0.1", "1.0", "+Inf") if exposed(DURATION + "_bucket", **TRANSLATE, le=le)]
    assert filled[0] == bound


@pytest.mark.parametrize("duration", [float("nan"), float("inf"), -1.0])
def test_duration_that_is_none_does_not_spoil_the_sum_for_good(
    registry: CollectorRegistry, record: Make, exposed: Exposed, duration: float
) -> None:
    exporter_in(registry).export([record(duration=duration), record(duration=0.25)])
    assert exposed(DURATION + "_sum", **TRANSLATE) == 0.25
    assert exposed(DURATION + "_count", **TRANSLATE) == 2


def test_latest_start_is_kept_whatever_the_order(registry: CollectorRegistry, record: Make, exposed: Exposed) -> None:
    exporter_in(registry).export([record(start_us=2_000_000), record(start_us=3_500_000), record(start_us=1_000_000)])
    assert exposed("curio_tracking_last_call_timestamp_seconds", **TRANSLATE) == 3.5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    features=st.lists(
        st.tuples(texts(), texts(), st.sampled_from(FeatureStatus), st.floats(1, 1e6), st.floats(0, 1e4)), max_size=30
    )
)
def test_totals_equal_the_fold_of_the_records_whatever_features_are_called(
    features: list[Any], record: Make, parse: Callable[..., Any]
) -> None:
    records = [
        record(n, feature_name=name, category=category, status=status, sample_weight=weight, duration=duration)
        for n, (name, category, status, weight, duration) in enumerate(features)
    ]
    registry = CollectorRegistry(auto_describe=True)
    exporter_in(registry, max_features=3).export(records)
    samples = parse(generate_latest(registry))
    expected = fold(records, ("status",))
    for status in FeatureStatus:
        total = sum(v for (name, labels), v in samples.items() if name == CALLS and ("status", status.value) in labels)
        assert total == pytest.approx(expected[status,].weight if (status,) in expected else 0.0)


def test_feature_beyond_the_limit_is_counted_as_other(
    registry: CollectorRegistry, record: Make, exposed: Exposed
) -> None:
    exporter = exporter_in(registry, max_features=2)
    exporter.export([record(feature_name=name) for name in ("a", "b", "c", "d", "a")])
    counted = [exposed(CALLS, feature=name, category="ai_provider", status="success") for name in ("a", "b", "_other")]
    assert counted == [2, 1, 2]


def test_names_beyond_the_limit_take_no_memory(registry: CollectorRegistry, record: Make) -> None:
    exporter = exporter_in(registry, max_features=2)
    exporter.export([record(feature_name=f"feature {number}") for number in range(2)])
    name = "feature " + "9" * 20
    before = sys.getrefcount(name)
    exporter.export([record(feature_name=name)])
    assert sys.getrefcount(name) == before


def test_ids_and_texts_of_a_record_are_not_exposed(registry: CollectorRegistry, record: Make) -> None:
    hidden = {
        name: f"secret-{name}"
        for name in ("user_id", "session_id", "error_message", "host", "app", "version", "parent_id", "error_type")
    }
    exporter_in(registry).export([record(**hidden, metadata={"plan": "secret-metadata"})])
    assert b"secret" not in generate_latest(registry)


def test_second_tracker_counts_in_the_same_metrics(registry: CollectorRegistry, record: Make, exposed: Exposed) -> None:
    for _ in range(2):
        exporter_in(registry).export([record()])
    assert exposed(CALLS, **TRANSLATE, status="success") == 2


def test_counters_go_on_after_the_exporter_was_closed(
    registry: CollectorRegistry, record: Make, exposed: Exposed
) -> None:
    first = exporter_in(registry)
    first.export([record()])
    first.close()
    first.close()
    exporter_in(registry).export([record()])
    assert exposed(CALLS, **TRANSLATE, status="success") == 2


def test_plugin_that_is_loaded_anew_counts_in_the_same_metrics(
    registry: CollectorRegistry, record: Make, exposed: Exposed, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter_in(registry).export([record()])
    for name in [name for name in sys.modules if name.startswith("curio_tracking_prometheus")]:
        monkeypatch.delitem(sys.modules, name)
    anew = import_module("curio_tracking_prometheus.registration")
    assert anew.process_metrics is not process_metrics
    anew.process_metrics(Options(), registry).add([record()])
    assert exposed(CALLS, **TRANSLATE, status="success") == 2


def test_limits_of_a_later_tracker_are_said_not_to_hold(
    registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    exporter_in(registry, max_features=5)
    exporter_in(registry, max_features=6)
    assert [entry.getMessage() for entry in caplog.records] == [
        "prometheus: MAX_FEATURES and BUCKETS of the first tracker in the process hold for all of them"
    ]


@pytest.mark.parametrize("name", ["curio_tracking_calls", "curio_tracking_call_duration_seconds_sum"])
def test_metric_of_the_application_under_our_name_is_left_alone(registry: CollectorRegistry, name: str) -> None:
    theirs = Counter(name, "Theirs.", registry=registry)
    with pytest.raises(PluginError, match="metrics of its own"):
        exporter_in(registry)
    theirs.inc()
    assert generate_latest(registry).count(b"# TYPE") == 2  # the counter, and its _created


def test_every_metric_is_described_in_the_readme(registry: CollectorRegistry, record: Make, readme: str) -> None:
    exporter_in(registry).export([record()])
    shown = re.findall(r"^# TYPE (\S+) (\S+)$", generate_latest(registry).decode(), re.MULTILINE)
    described = [(name, kind) for name, kind in shown if not name.endswith("_created")]
    assert len(described) == 3
    for name, kind in described:
        assert f"| `{name}` | {kind}" in readme
