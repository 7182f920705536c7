"""The efficiency score: weights, renormalisation, clamping."""

from __future__ import annotations

from typing import Any

import pytest

from curio_tracking.efficiency import Targets, blend
from curio_tracking.records import FeatureRecord, FeatureStatus


def record(**values: Any) -> FeatureRecord:
    given = {"status": FeatureStatus.SUCCESS, "start_us": 0, "duration": 2.0, **values}
    return FeatureRecord("id", "f", "other", **given)


def test_all_parts_are_weighted_half_three_tenths_two_tenths() -> None:
    score = blend(record(output_size=50, iterations=4), Targets(seconds=1.0, size=100, iterations=1))
    assert score == pytest.approx(0.5 * 0.5 + 0.3 * 0.5 + 0.2 * 0.25)


def test_unknown_parts_are_left_out_and_the_rest_is_renormalised() -> None:
    assert blend(record(), Targets(seconds=1.0, size=100)) == pytest.approx(0.5)
    assert blend(record(output_size=25), Targets(size=100)) == pytest.approx(0.25)
    assert blend(record(output_size=50), Targets(seconds=1.0, size=100)) == pytest.approx((0.25 + 0.15) / 0.8)


def test_nothing_known_gives_none() -> None:
    assert blend(record(output_size=1), Targets()) is None


def test_better_than_the_target_is_one_not_more() -> None:
    assert blend(record(duration=0.0, output_size=500), Targets(seconds=1.0, size=100, iterations=5)) == 1.0


@pytest.mark.parametrize("status", [FeatureStatus.FAILED, FeatureStatus.TIMEOUT])
def test_failed_and_timed_out_score_zero(status: FeatureStatus) -> None:
    assert blend(record(status=status, duration=0.0), Targets(seconds=1.0)) == 0.0


def test_explicit_score_wins_and_is_clamped(tracker: Any) -> None:
    for given, expected in ((0.3, 0.3), (7, 1.0), (-1, 0.0)):
        with tracker.track("f") as run:
            run.efficiency_score = given
        assert tracker.records("f", limit=1)[0].efficiency_score == expected


def test_explicit_score_wins_even_over_a_failure(tracker: Any) -> None:
    record_id = tracker.start_custom_tracking("f")
    tracker.complete_custom_tracking(record_id, status="failed", efficiency_score=0.4)
    assert tracker.records("f")[0].efficiency_score == 0.4


def test_targets_of_the_feature_outrank_those_of_the_settings(make_tracker: Any) -> None:
    tracker = make_tracker(target_seconds=1.0, target_size=10)
    tracker.track_feature("setting")(lambda: "12345")()
    tracker.track_feature("own", target_size=50)(lambda: "12345")()
    assert tracker.records("setting")[0].efficiency_score == pytest.approx((0.5 + 0.3 * 0.5) / 0.8)
    assert tracker.records("own")[0].efficiency_score == pytest.approx((0.5 + 0.3 * 0.1) / 0.8)
