"""Metrics, as a real OTLP endpoint gets them."""

from __future__ import annotations

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    AGGREGATION_TEMPORALITY_DELTA,
)

PROGRAM = """
    from curio_tracking import FeatureCategory, track_feature

    @track_feature("parse", FeatureCategory.FILE_OPERATION)
    def parse(number):
        return 1 // number

    for number in (1, 2, 3, 0):
        try:
            parse(number)
        except ZeroDivisionError:
            pass
"""
EXPONENTIAL = "base2_exponential_bucket_histogram"


@pytest.fixture(scope="module")
def got(shared_world, protocol):
    """The endpoint after one run of the program."""
    collector = shared_world.endpoint(protocol)
    given = {"FEATURE_TRACKING_APP": "shop", "FEATURE_TRACKING_DATA_DIR": str(collector.data_dir)}
    shared_world.run(PROGRAM, collector.variables | given, until=lambda: collector.has_spans(4))
    return collector


def test_calls_are_counted_by_status(got):
    assert got.calls() == {("parse", "success"): 3.0, ("parse", "failed"): 1.0}


def test_calls_are_a_growing_total_with_a_unit(got):
    metric = got.metrics()[-1]["curio.feature.calls"]
    assert (metric.unit, metric.sum.is_monotonic) == ("{call}", True)
    assert metric.sum.aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE


def test_attributes_are_feature_category_and_status(got, values):
    points = got.metrics()[-1]["curio.feature.calls"].sum.data_points
    assert sorted(values(points[0].attributes)) == ["curio.category", "curio.feature_name", "curio.status"]


def test_durations_add_up_to_those_of_the_spans(got):
    spans = [span.end_time_unix_nano - span.start_time_unix_nano for span in got.spans()]
    points = got.metrics()[-1]["curio.feature.duration"].histogram.data_points
    assert sum(point.sum for point in points) == pytest.approx(sum(spans) / 1e9)
    assert (min(point.min for point in points), max(point.max for point in points)) == pytest.approx(
        (min(spans) / 1e9, max(spans) / 1e9)
    )


def test_durations_are_seconds_in_buckets_that_hold_every_call(got):
    metric = got.metrics()[-1]["curio.feature.duration"]
    counts = [(point.count, sum(point.bucket_counts)) for point in metric.histogram.data_points]
    assert (metric.unit, sorted(counts)) == ("s", [(1, 1), (3, 3)])


def test_spans_and_metrics_name_the_same_resource(got):
    assert {resource["service.instance.id"] for resource in got.metric_resources()} == {
        resource["service.instance.id"] for resource in got.span_resources()
    }


@pytest.mark.parametrize(
    "given",
    [
        {"FEATURE_TRACKING_OTEL__HISTOGRAM": "exponential"},
        {"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": EXPONENTIAL},
    ],
)
def test_durations_can_be_an_exponential_histogram(endpoint, run, protocol, given):
    collector = endpoint(protocol)
    run(PROGRAM, collector.variables | given, until=lambda: collector.has_spans(4))
    points = collector.metrics()[-1]["curio.feature.duration"].exponential_histogram.data_points
    assert sorted((point.count, sum(point.positive.bucket_counts)) for point in points) == [(1, 1), (3, 3)]


@pytest.mark.parametrize(
    "given",
    [
        {"FEATURE_TRACKING_OTEL__TEMPORALITY": "delta"},
        {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "lowmemory"},
    ],
)
def test_deltas_add_up_to_all_calls(endpoint, run, protocol, given):
    collector = endpoint(protocol)
    source = PROGRAM + "    feature_tracker.flush(60); __import__('time').sleep(0.5); parse(1)\n"
    source = "    from curio_tracking import feature_tracker\n" + source
    run(source, collector.variables | given, until=lambda: collector.has_spans(5) and len(collector.metrics()) > 1)
    calls = [metrics["curio.feature.calls"].sum for metrics in collector.metrics()]
    assert sum(point.as_double for metric in calls for point in metric.data_points) == 5.0
    assert {metric.aggregation_temporality for metric in calls} == {AGGREGATION_TEMPORALITY_DELTA}


def test_folded_calls_are_counted_one_by_one(endpoint, run, protocol):
    collector = endpoint(protocol)
    source = """
        from curio_tracking import track_feature

        @track_feature("often")
        def often(): ...

        for _ in range(30_000):
            often()
        """
    run(
        source,
        collector.variables | {"FEATURE_TRACKING_OTEL__SPANS": "false"},
        until=lambda: collector.metrics() and sum(collector.calls().values()) >= 30_000,
    )
    (point,) = collector.metrics()[-1]["curio.feature.duration"].histogram.data_points
    assert (collector.calls(), point.count) == ({("often", "success"): 30_000.0}, 30_000)


def test_features_beyond_the_limit_share_their_metrics(endpoint, run, protocol):
    collector = endpoint(protocol)
    source = """
        from curio_tracking import track

        for number in range(20):
            with track(f"feature_{number}"):
                pass
        """
    limit = {"FEATURE_TRACKING_OTEL__MAX_FEATURES": "5"}
    run(source, collector.variables | limit, until=lambda: collector.has_spans(20))
    calls = collector.calls()
    assert (len(calls), calls["_other", "success"]) == (6, 15.0)


def test_metrics_can_be_left_out(endpoint, run, protocol):
    collector = endpoint(protocol)
    run(PROGRAM, collector.variables | {"FEATURE_TRACKING_OTEL__METRICS": "false"}, until=collector.spans)
    assert {request.signal for request in collector.requests()} == {"traces"}
