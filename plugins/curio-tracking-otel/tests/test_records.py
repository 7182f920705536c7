"""Any record that a store can hold becomes a span and a metric that the official encoder takes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from curio_tracking.records import FeatureStatus
from curio_tracking.testing import make_record, odd_records, strategies
from curio_tracking_otel import tallies as tallies_module
from curio_tracking_otel.attributes import LONGEST_TEXT
from curio_tracking_otel.environment import Choices
from curio_tracking_otel.options import Options
from curio_tracking_otel.places import Places
from curio_tracking_otel.spans import largest_batch, make_span
from curio_tracking_otel.tallies import Tallies

ANY = st.lists(strategies.records(), min_size=1, max_size=5)
NOW_NS = 1_800_000_000 * 10**9
DAYS = st.sampled_from([0.0, -1 / 24, -400.0, 400.0]) | st.floats(-3000, 3000)


def sent(records, keys=()):
    places = Places(is_environment_chosen=True)
    return encode_spans([make_span(record, places, tuple(keys)) for record in records])


def points(data):
    """The counts of calls."""
    return [
        point
        for part in data.resource_metrics
        for scope in part.scope_metrics
        for metric in scope.metrics
        if metric.name == "curio.feature.calls"
        for point in metric.data.data_points
    ]


def total(data):
    return sum(point.value for point in points(data))


@given(ANY)
def test_every_record_becomes_a_span(records):
    request = sent(records, records[0].metadata)
    spans = [span for part in request.resource_spans for scope in part.scope_spans for span in scope.spans]
    assert len(spans) == len(records)
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)


def test_odd_records_become_spans():
    records = [record for _, record in odd_records()]
    keys = {key for record in records for key in record.metadata if isinstance(key, str)}
    assert len(sent(records, sorted(keys)[:32]).SerializeToString()) < 4 << 20


def test_no_user_or_session_is_in_a_span():
    record = make_record(user_id="marked-user", session_id="marked-session")
    assert b"marked" not in sent([record]).SerializeToString()


@pytest.mark.parametrize("sign", ["x", "ä", "🎉"])
def test_long_texts_are_cut(sign):
    (span,) = sent([make_record(error_message=sign * 9999, error_type="E")]).resource_spans[0].scope_spans[0].spans
    longest = max(len(item.value.string_value.encode()) for item in span.events[0].attributes)
    assert LONGEST_TEXT - 4 < longest <= LONGEST_TEXT


@pytest.mark.parametrize("keys", [0, 1, 32])
def test_the_largest_batch_fits_into_what_a_server_takes(keys):
    text = "🎉" * 5000
    names = [f"key_{number}" for number in range(keys)]
    fields = ("record_id", "feature_name", "category", "error_type", "error_message", "parent_id", "host", "app")
    record = make_record(**dict.fromkeys(fields, text), metadata=dict.fromkeys(names, text))
    record.status = FeatureStatus.FAILED
    size = len(sent([record] * largest_batch(keys), names).SerializeToString())
    assert size < 4 << 20


def test_features_whose_names_are_the_same_when_cut_share_their_metrics():
    tallies = Tallies(Choices(Options()), Places(is_environment_chosen=True))
    tallies.add([make_record(number, feature_name="x" * 9000 + str(number)) for number in range(3)])
    assert [point.value for point in points(tallies.take())] == [3.0]


@given(ANY)
def test_metrics_count_what_the_records_stand_for(records):
    tallies = Tallies(Choices(Options()), Places(is_environment_chosen=True))
    tallies.add(records)
    data = tallies.take()
    encode_metrics(data)
    assert abs(total(data) - sum(record.sample_weight for record in records)) < 1e-6 * total(data)


@given(st.lists(ANY, min_size=1, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_deltas_lose_nothing_when_some_cannot_be_sent(batches, fates):
    tallies = Tallies(Choices(Options(), temporality="delta"), Places(is_environment_chosen=True))
    arrived = 0.0
    for records, is_taken in zip([*batches, []], [*fates[: len(batches)], True], strict=True):
        tallies.add(records)
        data = tallies.take()
        if data is not None and is_taken:
            arrived += total(data)
        elif data is not None:
            tallies.give_back()
    expected = sum(record.sample_weight for records in batches for record in records)
    assert abs(arrived - expected) <= 1e-6 * expected


@given(st.sampled_from(["cumulative", "delta"]), st.lists(st.tuples(DAYS, st.booleans()), max_size=8))
def test_no_metric_ends_before_it_began_when_the_clock_is_set(temporality, moments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tallies_module, "time_ns", lambda: shown)
        shown = NOW_NS
        tallies = Tallies(Choices(Options(), temporality=temporality), Places(is_environment_chosen=True))
        for days, is_taken in moments:
            shown = NOW_NS + round(days * 86_400e9)
            tallies.add([make_record()])
            (point,) = points(tallies.take())
            assert point.start_time_unix_nano < point.time_unix_nano
            if not is_taken:
                tallies.give_back()


def test_metric_ends_at_what_a_clock_that_was_set_ahead_shows(monkeypatch):
    tallies = Tallies(Choices(Options()), Places(is_environment_chosen=True))
    tallies.add([make_record()])
    ahead = time.time_ns() + 10**15
    monkeypatch.setattr(tallies_module, "time_ns", lambda: ahead)
    assert [point.time_unix_nano for point in points(tallies.take())] == [ahead]


@given(st.lists(st.text(), max_size=40))
def test_series_stay_bounded(names):
    tallies = Tallies(Choices(Options(max_features=5)), Places(is_environment_chosen=True))
    tallies.add([make_record(number, feature_name=name) for number, name in enumerate(names)])
    data = tallies.take()
    assert data is None or len(points(data)) <= 6


@given(st.lists(st.integers(), max_size=30))
def test_places_stay_bounded(processes):
    places = Places(is_environment_chosen=True)
    assert len({places.of(make_record(process_id=process)) for process in processes}) <= 9
