"""Every statistic of the one vocabulary, against plain arithmetic over the list of records; and the laws of merging."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import datetime
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curio_tracking.records import FeatureInfo, FeatureRecord, FeatureStatus
from curio_tracking.summaries import STATISTICS, Summary, fold, with_declared
from curio_tracking.testing import make_record
from curio_tracking.testing.strategies import counts, finite, moments

NAMES = st.sampled_from(("f", "g", "h"))
BATCH = st.lists(
    st.builds(
        make_record,
        feature_name=NAMES,
        category=NAMES,
        status=st.sampled_from(FeatureStatus),
        start_us=moments(),
        duration=st.just(0.0) | finite(0, 1e9),
        input_size=st.none() | counts(),
        output_size=st.none() | counts(),
        efficiency_score=st.none() | finite(0, 1),
        iterations=st.integers(1, 10**6),
        user_id=st.none() | NAMES,
        sample_weight=st.sampled_from((1.0, 10.0, 1 / 0.3)) | finite(1, 1e6),
    ),
    max_size=20,
)
law = settings(max_examples=50, deadline=None)
NOTHING_COUNTED = (
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
    "first_used",
    "last_used",
)


def summary_of(batch: Sequence[FeatureRecord]) -> Summary:
    summary = Summary()
    for record in batch:
        summary.add(record)
    return summary


def merged(*parts: Summary) -> Summary:
    total = Summary()
    for part in parts:
        total.merge(part)
    return total


def close(statistics: dict[str, Any]) -> dict[str, Any]:
    """Allow floats what the order of adding changes."""
    return {
        name: pytest.approx(value, rel=1e-9, abs=1e-300) if isinstance(value, float) else value
        for name, value in statistics.items()
    }


def state(summary: Summary) -> dict[str, Any]:
    """Return everything a summary holds, sketches included, unrounded."""
    values = {name: getattr(summary, name) for name in ("iterations", "min_duration", "max_duration")}
    values |= {name: getattr(summary, name) for name in ("first_us", "last_us")}
    values |= {f"status {name}": weight for name, weight in summary.statuses.items()}
    values |= {f"bin {index}": weight for index, weight in summary.durations.bins.items()}
    for name in ("mean_duration", "efficiency", "input_size", "output_size"):
        mean = getattr(summary, name)
        values |= {f"{name} total": mean.total, f"{name} weight": mean.weight}
    return values | {"users": summary.users.registers()}


# -- the naive reference --------------------------------------------------------------------------------------------


def weight_of(batch: Sequence[FeatureRecord], wanted: Callable[[FeatureRecord], bool] = lambda record: True) -> float:
    return math.fsum(record.sample_weight for record in batch if wanted(record))


def mean_of(batch: Sequence[FeatureRecord], name: str) -> float | None:
    known = [record for record in batch if getattr(record, name) is not None]
    if not known:
        return None
    return math.fsum(getattr(record, name) * record.sample_weight for record in known) / weight_of(known)


def percentile_of(batch: Sequence[FeatureRecord], fraction: float) -> float | None:
    """Return the shortest duration that at least `fraction` of the weight does not exceed."""
    wanted = fraction * weight_of(batch) * (1 - 1e-12)
    reached: list[FeatureRecord] = []
    for record in sorted(batch, key=lambda one: one.duration):
        reached.append(record)
        if weight_of(reached) >= wanted:
            return record.duration
    return None


def has(*statuses: FeatureStatus) -> Callable[[FeatureRecord], bool]:
    return lambda record: record.status in statuses


REFERENCE: dict[str, Callable[[Sequence[FeatureRecord]], Any]] = {
    "total_calls": lambda batch: round(weight_of(batch)),
    "success_count": lambda batch: round(weight_of(batch, has(FeatureStatus.SUCCESS))),
    "failure_count": lambda batch: round(weight_of(batch, has(FeatureStatus.FAILED, FeatureStatus.TIMEOUT))),
    "partial_count": lambda batch: round(weight_of(batch, has(FeatureStatus.PARTIAL))),
    "timeout_count": lambda batch: round(weight_of(batch, has(FeatureStatus.TIMEOUT))),
    "success_rate": lambda batch: 100 * weight_of(batch, has(FeatureStatus.SUCCESS)) / weight_of(batch),
    "avg_duration": lambda batch: mean_of(batch, "duration"),
    "min_duration": lambda batch: min(record.duration for record in batch),
    "max_duration": lambda batch: max(record.duration for record in batch),
    "avg_efficiency": lambda batch: mean_of(batch, "efficiency_score"),
    "avg_input_size": lambda batch: mean_of(batch, "input_size"),
    "avg_output_size": lambda batch: mean_of(batch, "output_size"),
    "total_iterations": lambda batch: round(math.fsum(one.iterations * one.sample_weight for one in batch)),
    "unique_users": lambda batch: len({one.user_id for one in batch if one.user_id is not None}),
}
PERCENTILES = {"p50_duration": 0.50, "p95_duration": 0.95, "p99_duration": 0.99}
TIMES: dict[str, Callable[..., datetime]] = {"first_used": min, "last_used": max}


def test_reference_covers_every_statistic() -> None:
    assert {*REFERENCE, *PERCENTILES, *TIMES, "feature_name", "category"} == set(STATISTICS)


@pytest.mark.parametrize("name", REFERENCE)
@law
@given(batch=BATCH.filter(bool))
def test_statistic_agrees_with_plain_arithmetic(name: str, batch: list[FeatureRecord]) -> None:
    expected = REFERENCE[name](batch)
    tolerance = 1 if name.startswith("total") or name.endswith("count") else 0
    found = summary_of(batch).as_dict()[name]
    # a rounded sum may lie on the other side of .5 when it was added up in another order
    assert found == (pytest.approx(expected, rel=1e-9, abs=tolerance) if expected is not None else None)


@pytest.mark.parametrize("name", PERCENTILES)
@law
@given(batch=BATCH.filter(bool))
def test_percentile_is_within_one_percent_of_the_exact_one(name: str, batch: list[FeatureRecord]) -> None:
    exact = percentile_of(batch, PERCENTILES[name])
    # durations of a nanosecond or less count as zero
    assert summary_of(batch).as_dict()[name] == pytest.approx(exact, rel=0.0100001, abs=1e-9)


@pytest.mark.parametrize("name", TIMES)
@law
@given(batch=BATCH.filter(bool))
def test_first_and_last_use_are_iso_times_in_utc(name: str, batch: list[FeatureRecord]) -> None:
    text = summary_of(batch).as_dict()[name]
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == TIMES[name](record.start_time for record in batch)


# -- each statistic once more, by hand ------------------------------------------------------------------------------


def test_statistics_of_a_known_day() -> None:
    ok, failed, timeout = FeatureStatus.SUCCESS, FeatureStatus.FAILED, FeatureStatus.TIMEOUT
    batch = [
        make_record(0, status=ok, duration=1.0, efficiency_score=1.0, input_size=10, output_size=5, user_id="a"),
        make_record(1, status=ok, duration=3.0, efficiency_score=0.5, input_size=None, output_size=7, user_id="b"),
        make_record(2, status=failed, duration=2.0, efficiency_score=0.0, input_size=20, user_id="a"),
        make_record(3, status=timeout, duration=10.0, iterations=4, input_size=None, user_id=None),
        make_record(4, status=FeatureStatus.PARTIAL, duration=4.0, input_size=None, user_id=None, sample_weight=5.0),
    ]
    (summary,) = fold(batch, ("feature_name", "category")).values()
    assert summary.as_dict() == {
        "feature_name": "import_csv",
        "category": "file_operation",
        "total_calls": 9,
        "success_count": 2,
        "failure_count": 2,
        "partial_count": 5,
        "timeout_count": 1,
        "success_rate": pytest.approx(100 * 2 / 9),
        "avg_duration": pytest.approx((1 + 3 + 2 + 10 + 5 * 4) / 9),
        "min_duration": 1.0,
        "max_duration": 10.0,
        "p50_duration": pytest.approx(4.0, rel=0.01),
        "p95_duration": pytest.approx(10.0, rel=0.01),
        "p99_duration": pytest.approx(10.0, rel=0.01),
        "avg_efficiency": pytest.approx(0.5),
        "avg_input_size": pytest.approx(15.0),
        "avg_output_size": pytest.approx(6.0),
        "total_iterations": 1 + 1 + 1 + 4 + 5,
        "unique_users": 2,
        "first_used": "2026-05-28T20:26:40.000000Z",
        "last_used": "2026-05-28T20:26:40.000004Z",
    }


@pytest.mark.parametrize(("name", "fraction"), PERCENTILES.items())
def test_percentiles_of_a_thousand_durations(name: str, fraction: float) -> None:
    batch = [make_record(number, duration=number / 10) for number in range(1, 1_001)]
    assert summary_of(batch).as_dict()[name] == pytest.approx(100 * fraction, rel=0.01)


def test_statistics_stand_in_the_documented_order() -> None:
    assert tuple(Summary().as_dict()) == STATISTICS


@pytest.mark.parametrize("name", NOTHING_COUNTED)
def test_average_over_nothing_is_none(name: str) -> None:
    assert Summary().as_dict()[name] is None


@pytest.mark.parametrize("name", [name for name in REFERENCE if name not in NOTHING_COUNTED])
def test_count_of_nothing_is_zero(name: str) -> None:
    assert Summary().as_dict()[name] == 0


@pytest.mark.parametrize("name", ["avg_efficiency", "avg_input_size", "avg_output_size"])
def test_average_of_unknown_values_is_none(name: str) -> None:
    batch = [make_record(efficiency_score=None, input_size=None, output_size=None)]
    assert summary_of(batch).as_dict()[name] is None


def test_sampled_records_count_for_those_that_were_left_out() -> None:
    batch = [make_record(number, sample_weight=10.0) for number in range(3)]
    batch += [make_record(9, status=FeatureStatus.FAILED)]
    statistics = summary_of(batch).as_dict()
    assert (statistics["total_calls"], statistics["failure_count"]) == (31, 1)
    assert statistics["success_rate"] == pytest.approx(100 * 30 / 31)


def test_sizes_beyond_the_precision_of_floats_are_no_error() -> None:
    assert summary_of([make_record(input_size=2**63)]).as_dict()["avg_input_size"] == pytest.approx(2**63)


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_percentile_never_leaves_the_measured_range(fraction: float) -> None:
    summary = summary_of([make_record(duration=0.123456789)])
    assert summary.quantile(fraction) == 0.123456789


def test_further_dimensions_follow_the_statistics() -> None:
    (summary,) = fold(
        [make_record(version="1.2", environment=None)], ("feature_name", "version", "environment")
    ).values()
    assert tuple(summary.as_dict()) == (*STATISTICS, "version", "environment")
    assert summary.as_dict()["version"] == "1.2"
    assert summary.as_dict()["environment"] is None


# -- the laws of merging --------------------------------------------------------------------------------------------


@law
@given(first=BATCH, second=BATCH, third=BATCH)
def test_merge_is_associative(
    first: list[FeatureRecord], second: list[FeatureRecord], third: list[FeatureRecord]
) -> None:
    one, two, three = map(summary_of, (first, second, third))
    assert state(merged(merged(one, two), three)) == close(state(merged(one, merged(two, three))))


@law
@given(first=BATCH, second=BATCH)
def test_merge_is_commutative(first: list[FeatureRecord], second: list[FeatureRecord]) -> None:
    one, other = summary_of(first), summary_of(second)
    assert state(merged(one, other)) == close(state(merged(other, one)))


@law
@given(batch=BATCH)
def test_empty_summary_is_neutral(batch: list[FeatureRecord]) -> None:
    summary = summary_of(batch)
    assert state(merged(summary, Summary())) == state(summary) == state(merged(Summary(), summary))


@law
@given(batch=BATCH, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_fold_of_any_split_equals_fold_of_all(batch: list[FeatureRecord], cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(batch)]
    parts = [summary_of(batch[start:end]) for start, end in pairwise(edges)]
    assert state(merged(*parts)) == close(state(summary_of(batch)))


@law
@given(batch=BATCH, shuffled=st.randoms(use_true_random=False))
def test_order_of_records_does_not_matter(batch: list[FeatureRecord], shuffled: Any) -> None:
    other = list(batch)
    shuffled.shuffle(other)
    assert state(summary_of(other)) == close(state(summary_of(batch)))


def test_order_of_adding_makes_no_difference_to_the_last_digit() -> None:
    durations = [0.1, 0.2, 0.3]
    # not sum(), which makes up for what adding loses since Python 3.12
    assert reduce(add, durations) != reduce(add, durations[::-1])
    batch = [make_record(n, duration=duration) for n, duration in enumerate(durations)]
    forth, back = (fold(records, ())[()].as_dict() for records in (batch, batch[::-1]))
    assert forth == back


def test_merging_leaves_the_other_summary_alone() -> None:
    one, other = summary_of([make_record(1)]), summary_of([make_record(2, user_id="u2")])
    before = deepcopy(state(other))
    one.merge(other)
    one.add(make_record(3, duration=9.0))
    assert state(other) == before


def test_merge_keeps_the_group_of_the_first() -> None:
    total = Summary({"feature_name": "f"})
    total.merge(Summary({"feature_name": "g"}))
    assert total.feature_name == "f"


# -- groups ---------------------------------------------------------------------------------------------------------


@law
@given(batch=BATCH)
def test_groups_divide_the_records(batch: list[FeatureRecord]) -> None:
    groups = fold(batch, ("feature_name", "status"))
    assert set(groups) == {(record.feature_name, record.status) for record in batch}
    for (name, status), summary in groups.items():
        members = [record for record in batch if (record.feature_name, record.status) == (name, status)]
        assert state(summary) == state(summary_of(members))
        assert summary.group == {"feature_name": name, "status": status}


@law
@given(batch=BATCH)
def test_without_a_group_there_is_one_summary_of_all_records(batch: list[FeatureRecord]) -> None:
    assert [state(summary) for summary in fold(batch, ()).values()] == ([state(summary_of(batch))] if batch else [])


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        (("feature_name", "category"), [("called", "other"), ("called", "sysmon"), ("never", "other")]),
        (("feature_name",), [("called", None), ("never", None)]),
        (("category",), [(None, "other")]),
        (("feature_name", "version"), [("called", None)]),
    ],
)
def test_declared_features_join_groupings_by_feature(group_by: tuple[str, ...], expected: list[Any]) -> None:
    called = fold([make_record(feature_name="called", category="other")], group_by)
    declared = [FeatureInfo("called", "other"), FeatureInfo("called", "sysmon"), FeatureInfo("never", "other")]
    found = with_declared(called, [*declared, *declared], group_by)
    assert [(summary.feature_name, summary.category) for summary in found] == expected


@law
@given(durations=st.lists(finite(0, 1e6), min_size=1, max_size=20))
def test_percentiles_rise_with_the_share(durations: list[float]) -> None:
    summary = summary_of([make_record(number, duration=duration) for number, duration in enumerate(durations)])
    values = [summary.quantile(fraction) for fraction in (0, 0.25, 0.5, 0.95, 0.99, 1)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(max(durations), rel=0.01, abs=1e-9)
