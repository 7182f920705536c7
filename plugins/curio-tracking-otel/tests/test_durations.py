"""Histograms of durations, whose counts are exact."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking_otel.durations import BOUNDS, MOST_BUCKETS, ExplicitDurations, ExponentialDurations

SECONDS = st.just(0.0) | st.floats(1e-9, 1e9)
CALLS = st.lists(st.tuples(SECONDS, st.integers(1, 10**6)), min_size=1)
KINDS = pytest.mark.parametrize("kind", [ExplicitDurations, ExponentialDurations])


def filled(kind, calls):
    durations = kind()
    for seconds, weight in calls:
        durations.add(seconds, weight)
    return durations


def point(durations):
    return durations.point({}, 1, 2)


def bounds(exponential):
    """The upper bounds of the buckets that a point of an exponential histogram has."""
    base = 2.0 ** (2.0**-exponential.scale)
    offset = exponential.positive.offset
    return [base ** (offset + number + 1) for number in range(len(exponential.positive.bucket_counts))], base


@KINDS
@given(calls=CALLS)
def test_every_call_is_counted_once(kind, calls):
    assert point(filled(kind, calls)).count == sum(weight for _, weight in calls)


@KINDS
@given(calls=CALLS)
def test_sum_and_extremes_are_those_of_the_calls(kind, calls):
    found = point(filled(kind, calls))
    assert found.sum == pytest.approx(math.fsum(seconds * weight for seconds, weight in calls))
    assert (found.min, found.max) == (min(calls)[0], max(calls)[0])


@KINDS
@given(one=CALLS, other=CALLS)
def test_merging_is_counting_both(kind, one, other):
    merged = filled(kind, one)
    merged.merge(filled(kind, other))
    expected = point(filled(kind, one + other))
    assert point(merged).count == expected.count
    assert merged.weights == filled(kind, one + other).weights


@given(CALLS)
def test_explicit_buckets_hold_what_is_not_above_their_bound(calls):
    found = point(filled(ExplicitDurations, calls))
    below = 0
    for bound, count in zip(BOUNDS, found.bucket_counts, strict=False):
        below += count
        assert below == sum(weight for seconds, weight in calls if seconds <= bound)


@given(CALLS)
def test_exponential_buckets_are_few(calls):
    assert len(point(filled(ExponentialDurations, calls)).positive.bucket_counts) <= MOST_BUCKETS


@given(SECONDS.filter(bool), st.lists(SECONDS.filter(bool)))
def test_exponential_buckets_hold_what_lies_between_their_bounds(seconds, others):
    scale = point(filled(ExponentialDurations, [(one, 1) for one in [seconds, *others]])).scale
    alone = ExponentialDurations()
    alone.add(seconds, 1)
    base = 2.0 ** (2.0**-scale)
    number = alone.bucket(seconds) >> (5 - scale)
    assert base**number <= seconds * (1 + 1e-9)
    assert seconds <= base ** (number + 1) * (1 + 1e-9)


def test_no_duration_at_all_has_a_count_of_its_own():
    found = point(filled(ExponentialDurations, [(0.0, 5), (1.0, 2)]))
    assert (found.zero_count, sum(found.positive.bucket_counts)) == (5, 2)


def test_fractions_are_rounded_per_bucket():
    found = point(filled(ExplicitDurations, [(0.02, 3.4), (0.02, 3.4), (2.0, 1.2)]))
    assert found.count == 8
