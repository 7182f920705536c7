"""The two approximate counters keep their promised errors and are monoids."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curio_tracking.sketches import (
    HLL_REGISTERS,
    RELATIVE_ERROR,
    SMALLEST,
    HyperLogLog,
    LogHistogram,
    bin_of,
    unpack_bins,
)

ROUNDING = 1e-9
STANDARD_ERROR = 1.04 / math.sqrt(HLL_REGISTERS)
"""Of a HyperLogLog, as Flajolet et al. give it."""
law = settings(max_examples=100, deadline=None)
values = st.floats(1e-9, 1e9, exclude_min=True, allow_nan=False)
weights = st.sampled_from((1.0, 1 / 0.3, 10.0, 2.5)) | st.floats(1, 1e6)
weighted = st.lists(st.tuples(values, weights), max_size=60)
texts = st.lists(st.text(st.characters(), max_size=8), max_size=60)
encodable_texts = st.lists(st.text(max_size=8), min_size=1, max_size=60)
fractions = st.sampled_from((0.0, 0.5, 0.95, 0.99, 1.0)) | st.floats(0, 1)


def histogram_of(pairs: list[tuple[float, float]]) -> LogHistogram:
    histogram = LogHistogram()
    for value, weight in pairs:
        histogram.add(value, weight)
    return histogram


def counter_of(names: list[str]) -> HyperLogLog:
    counter = HyperLogLog()
    for name in names:
        counter.add(name)
    return counter


def merged(first: Any, second: Any) -> Any:
    total = deepcopy(first)
    total.merge(second)
    return total


def reference_quantile(pairs: list[tuple[float, float]], fraction: float) -> float:
    """Return the smallest value at which the running weight reaches the wanted share."""
    wanted = fraction * math.fsum(weight for _value, weight in pairs)
    reached = []
    for value, weight in sorted(pairs):
        reached.append(weight)
        if math.fsum(reached) >= wanted * (1 - 1e-12):
            return value
    raise AssertionError


# -- histogram ------------------------------------------------------------------------------------------------------


@law
@given(pairs=weighted.filter(bool), fraction=fractions)
@example(pairs=[(1.0, 1 / 0.3)] * 3 + [(2.0, 1 / 0.3)], fraction=0.75)
@example(pairs=[(SMALLEST * 1.001, 1.0)], fraction=1.0)
def test_quantile_is_within_one_percent_of_the_exact_one(pairs: list[tuple[float, float]], fraction: float) -> None:
    exact = reference_quantile(pairs, fraction)
    assert histogram_of(pairs).quantile(fraction) == pytest.approx(exact, rel=RELATIVE_ERROR + ROUNDING)


@law
@given(first=st.lists(values, max_size=30), second=st.lists(values, max_size=30))
def test_histogram_of_a_split_is_the_histogram_of_all(first: list[float], second: list[float]) -> None:
    whole = histogram_of([(value, 1.0) for value in first + second])
    parts = merged(histogram_of([(value, 1.0) for value in first]), histogram_of([(value, 1.0) for value in second]))
    assert parts.bins == whole.bins


@law
@given(first=weighted, second=weighted)
def test_histogram_merge_is_commutative(first: list[tuple[float, float]], second: list[tuple[float, float]]) -> None:
    one, other = histogram_of(first), histogram_of(second)
    assert merged(one, other).bins == merged(other, one).bins


@law
@given(pairs=weighted)
def test_empty_histogram_is_neutral(pairs: list[tuple[float, float]]) -> None:
    histogram = histogram_of(pairs)
    assert merged(histogram, LogHistogram()).bins == histogram.bins == merged(LogHistogram(), histogram).bins


def test_merging_leaves_the_other_histogram_alone() -> None:
    one, other = histogram_of([(1.0, 1.0)]), histogram_of([(2.0, 1.0)])
    before = dict(other.bins)
    one.merge(other)
    one.add(2.0)
    assert other.bins == before


@law
@given(
    parts=st.lists(st.lists(values | st.sampled_from((0.0, SMALLEST)), max_size=30), max_size=4),
    more=weighted,
    fraction=fractions,
)
def test_packed_histograms_add_up_to_the_same_bins(
    parts: list[list[float]], more: list[tuple[float, float]], fraction: float
) -> None:
    plain, packed = histogram_of(more), histogram_of(more)
    for part in parts:
        histogram = histogram_of([(value, 1.0) for value in part])
        plain.add_bins(histogram.bins.items())
        form = histogram.packed()
        if form is not None:
            packed.add_packed(unpack_bins(*form), len(part))
    assert packed.quantile(fraction) == plain.quantile(fraction)
    assert merged(packed, LogHistogram()).bins == merged(LogHistogram(), packed).bins == packed.bins == plain.bins


@law
@given(part=st.lists(values, min_size=1, max_size=30))
def test_packed_form_is_the_same_however_a_histogram_came_about(part: list[float]) -> None:
    histogram = histogram_of([(value, 1.0) for value in part])
    form = histogram.packed()
    assert form is not None
    again = LogHistogram()
    again.add_packed(unpack_bins(*form), len(part))
    assert again.packed() == histogram.packed() == form


@pytest.mark.parametrize(
    "pairs", [[], [(1.0, 2.5)], [(1.0, 2.0**32)], [(1.0, 2.0**31), (2.0, 2.0**31)], [(1e300, 1.0)]]
)
def test_what_does_not_fit_into_fields_is_not_packed(pairs: list[tuple[float, float]]) -> None:
    histogram = histogram_of(pairs)
    before = dict(histogram.bins)
    assert histogram.packed() is None
    assert histogram.bins == before


def test_fields_of_packed_bins_never_overflow() -> None:
    large = histogram_of([(1.0, 2.0**31), (2.0, 1.0)])
    form = large.packed()
    assert form is not None
    total = LogHistogram()
    for _ in range(3):
        total.add_packed(unpack_bins(*form), 2**31 + 1)
    assert total.bins == {bin_of(1.0): 3 * 2.0**31, bin_of(2.0): 3.0}


def test_empty_histogram_has_no_quantile() -> None:
    assert LogHistogram().quantile(0.5) is None


@pytest.mark.parametrize("value", [0.0, SMALLEST, SMALLEST / 2])
def test_a_duration_of_nothing_counts_as_zero(value: float) -> None:
    assert histogram_of([(value, 1.0), (5.0, 1.0)]).quantile(0.5) == 0.0


def test_weight_moves_the_quantile() -> None:
    assert histogram_of([(1.0, 99.0), (100.0, 1.0)]).quantile(0.5) == pytest.approx(1.0, rel=0.01)
    assert histogram_of([(1.0, 1.0), (100.0, 99.0)]).quantile(0.5) == pytest.approx(100.0, rel=0.01)


def test_histogram_of_a_wide_range_stays_small() -> None:
    histogram = histogram_of([(1e-9 * 1.001**step, 1.0) for step in range(40_000)])
    assert len(histogram.bins) < 2_100


# -- distinct users -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 10])
def test_few_distinct_texts_are_counted_exactly(size: int) -> None:
    assert counter_of([f"user-{number}" for number in range(size)]).count() == size


@pytest.mark.parametrize("kind", ["user-{}", "{:032x}", "1-{:032x}", "{}@example.org"])
@pytest.mark.parametrize("size", [50, 100, 200, 500, 1_000, 2_000, 20_000, 100_000])
def test_distinct_texts_are_counted_within_five_percent(size: int, kind: str) -> None:
    # the standard error is 1.04 / sqrt(4096 registers) = 1.6 %; three of them hold for 99.7 % of all sets of texts
    assert counter_of([kind.format(number) for number in range(size)]).count() == pytest.approx(size, rel=0.05)


@pytest.mark.parametrize("size", [500, 2_000, 8_000, 15_000])
def test_estimate_has_no_bias_at_any_size(size: int) -> None:
    # around 2.5 times the number of registers, estimators that switch from one formula to another have one
    errors = [counter_of([f"{group}/{number}" for number in range(size)]).count() / size - 1 for group in range(20)]
    assert sum(errors) / len(errors) == pytest.approx(0, abs=3 * STANDARD_ERROR / math.sqrt(len(errors)))
    assert max(map(abs, errors)) < 3 * STANDARD_ERROR


@law
@given(names=texts)
def test_a_text_counts_once_however_often_it_comes(names: list[str]) -> None:
    assert counter_of(names + names).registers() == counter_of(names).registers()


@law
@given(first=texts, second=texts)
def test_count_of_a_split_is_the_count_of_all(first: list[str], second: list[str]) -> None:
    assert merged(counter_of(first), counter_of(second)).registers() == counter_of(first + second).registers()


@law
@given(first=texts, second=texts, third=texts)
def test_counter_merge_is_associative_and_commutative(first: list[str], second: list[str], third: list[str]) -> None:
    one, two, three = counter_of(first), counter_of(second), counter_of(third)
    left = merged(merged(one, two), three).registers()
    assert left == merged(one, merged(two, three)).registers()
    assert left == merged(three, merged(two, one)).registers()


@law
@given(names=texts)
def test_empty_counter_is_neutral(names: list[str]) -> None:
    counter = counter_of(names)
    assert (
        merged(counter, HyperLogLog()).registers() == counter.registers() == merged(HyperLogLog(), counter).registers()
    )


def test_merging_leaves_the_other_counter_alone() -> None:
    one, other = HyperLogLog(), counter_of(["a"])
    one.merge(other)
    one.add("b")
    assert other.registers() == counter_of(["a"]).registers()


def test_empty_counter_counts_nothing() -> None:
    assert HyperLogLog().count() == 0


@settings(max_examples=5, deadline=None)
@given(names=encodable_texts)
def test_equal_texts_count_once_across_processes(names: list[str]) -> None:
    code = (
        "import sys, json; from curio_tracking.sketches import HyperLogLog; c = HyperLogLog();"
        "[c.add(name) for name in json.load(sys.stdin)]; sys.stdout.buffer.write(c.planes().to_bytes(8192))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(names).encode(), capture_output=True, check=True
    )
    assert (
        merged(counter_of(names), HyperLogLog(planes=int.from_bytes(other.stdout))).registers()
        == counter_of(names).registers()
    )


@given(st.sets(st.text(max_size=6), max_size=60), st.sets(st.text(max_size=6), max_size=60))
def test_at_least_so_many_distinct_texts_is_never_too_high_and_hardly_ever_too_low(
    one: set[str], two: set[str]
) -> None:
    first, second = HyperLogLog(), HyperLogLog()
    first.add_each(one)
    second.add_each(two)
    first.merge(second)
    assert len(one | two) - 8 <= first.least() <= len(one | two)
