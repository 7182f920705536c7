"""Failures only, minimum duration, sampling: what is kept, and that totals stay right."""

from __future__ import annotations

import math

import pytest

from curio_tracking.privacy.selection import (
    FailuresOnly,
    MinDuration,
    Sampling,
    create_failures_only,
    create_min_duration,
    create_sampling,
    trace_fraction,
)
from curio_tracking.records import FeatureStatus
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record

NOT_SUCCESS = [status for status in FeatureStatus if status is not FeatureStatus.SUCCESS]


def test_failures_only_drops_a_success() -> None:
    assert FailuresOnly().apply(make_record()) is None


@pytest.mark.parametrize("status", NOT_SUCCESS)
def test_failures_only_keeps_everything_else(status: FeatureStatus) -> None:
    assert FailuresOnly().apply(make_record(status=status)) is not None


def test_min_duration_drops_a_shorter_success() -> None:
    assert MinDuration(0.5).apply(make_record(duration=0.499)) is None


def test_min_duration_keeps_a_success_of_just_that_duration() -> None:
    assert MinDuration(0.5).apply(make_record(duration=0.5)) is not None


@pytest.mark.parametrize("status", NOT_SUCCESS)
def test_min_duration_never_drops_a_non_success(status: FeatureStatus) -> None:
    assert MinDuration(0.5).apply(make_record(duration=0.0, status=status)) is not None


@pytest.mark.parametrize("status", NOT_SUCCESS)
def test_sampling_keeps_every_non_success_with_its_weight(status: FeatureStatus) -> None:
    kept = [Sampling(0.001).apply(make_record(number, status=status)) for number in range(200)]
    assert [record.sample_weight for record in kept if record] == [1.0] * 200


def test_sampling_weights_up_what_it_keeps() -> None:
    kept = [Sampling(0.1).apply(make_record(number)) for number in range(500)]
    assert {record.sample_weight for record in kept if record} == {10.0}


def test_sampling_multiplies_a_weight_that_is_there() -> None:
    kept = [Sampling(0.5).apply(make_record(number, sample_weight=3.0)) for number in range(50)]
    assert {record.sample_weight for record in kept if record} == {6.0}


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.9])
def test_sampled_totals_are_unbiased(rate: float) -> None:
    """The weighted total lies within five standard errors of the true one; the ids are fixed, so it always does."""
    calls = 40_000
    total = sum(
        record.sample_weight
        for number in range(calls)
        if (record := Sampling(rate).apply(make_record(number))) is not None
    )
    standard_error = math.sqrt(calls * (1 - rate) / rate)
    assert abs(total - calls) < 5 * standard_error


def test_sampled_durations_are_unbiased() -> None:
    rate, calls = 0.2, 20_000
    durations = [(number * 7919 % 1000) / 1000 for number in range(calls)]
    estimate = sum(
        record.duration * record.sample_weight
        for number in range(calls)
        if (record := Sampling(rate).apply(make_record(number, duration=durations[number]))) is not None
    )
    standard_error = math.sqrt(sum(duration**2 for duration in durations) * (1 - rate) / rate)
    assert abs(estimate - sum(durations)) < 5 * standard_error


def test_fractions_spread_evenly_over_ids_that_differ_little() -> None:
    tenths = [0] * 10
    for number in range(20_000):
        tenths[int(trace_fraction(make_record(number)) * 10)] += 1
    assert all(abs(count - 2000) < 5 * math.sqrt(2000 * 0.9) for count in tenths)


def test_calls_inside_a_call_share_its_fate() -> None:
    record_filter = Sampling(0.5)
    for number in range(200):
        root = make_record(number)
        children = [make_record(1000 * number + child, root_id=root.record_id) for child in (1, 2, 3)]
        is_kept = record_filter.apply(root) is not None
        assert [record_filter.apply(child) is not None for child in children] == [is_kept] * 3


def test_a_failed_child_is_kept_when_its_parent_is_not() -> None:
    record_filter = Sampling(1e-9)
    assert record_filter.apply(make_record(1)) is None
    child = make_record(2, root_id=make_record(1).record_id, status=FeatureStatus.FAILED)
    assert record_filter.apply(child) is child


def test_folded_calls_are_neither_sampled_away_nor_weighted_again() -> None:
    record_filter = Sampling(1e-9)
    for number in range(50):
        folded = make_record(number, metadata={"_folded": 12}, sample_weight=12.0)
        assert record_filter.apply(folded) is folded
        assert folded.sample_weight == 12.0


def test_no_filter_is_made_with_the_default_settings() -> None:
    settings = load_settings(strict=True)
    assert create_failures_only(settings) is None
    assert create_min_duration(settings) is None
    assert create_sampling(settings) is None
