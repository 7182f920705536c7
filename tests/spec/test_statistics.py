"""Every statistic of the specification, from real executions to the program's answer."""

from __future__ import annotations

import pytest

APPLICATION = """
from curio_tracking import FeatureStatus, feature_tracker

def execution(name, category, status, **facts):
    record_id = feature_tracker.start_custom_tracking(name, category, user_id=facts.pop("user_id", None))
    feature_tracker.complete_custom_tracking(record_id, status=status, **facts)

for user, score in (("ada", 1.0), ("bob", 0.5), ("ada", 0.9)):
    execution("query", "ai_provider", FeatureStatus.SUCCESS, user_id=user, efficiency_score=score, input_size=10,
              output_size=20, iterations=2)
execution("query", "ai_provider", FeatureStatus.FAILED, efficiency_score=0.0, error_message="refused")
execution("query", "ai_provider", FeatureStatus.TIMEOUT, efficiency_score=0.0)
execution("query", "ai_provider", FeatureStatus.PARTIAL, efficiency_score=0.6)
execution("scan", "sysmon", FeatureStatus.SUCCESS)
for _ in range(2):
    execution("save", "file_operation", FeatureStatus.SUCCESS)
"""


def test_total_calls(told) -> None:
    assert told.json("feature-stats", "query")["total_calls"] == 6


def test_success_rate_is_percent_of_all_calls(told) -> None:
    figures = told.json("feature-stats", "query")
    assert figures["success_count"] == 3
    assert figures["success_rate"] == 50.0


def test_average_duration_is_the_mean_of_the_durations(told) -> None:
    durations = [record["duration"] for record in told.records() if record["feature_name"] == "query"]
    figures = told.json("feature-stats", "query")
    assert figures["avg_duration"] == pytest.approx(sum(durations) / len(durations))
    assert figures["min_duration"] == pytest.approx(min(durations))
    assert figures["max_duration"] == pytest.approx(max(durations))


def test_average_efficiency_is_the_mean_of_the_scores(told) -> None:
    assert told.json("feature-stats", "query")["avg_efficiency"] == pytest.approx((1.0 + 0.5 + 0.9 + 0.6) / 6)


def test_failure_count_is_failed_and_timed_out(told) -> None:
    figures = told.json("feature-stats", "query")
    assert (figures["failure_count"], figures["timeout_count"], figures["partial_count"]) == (2, 1, 1)


def test_top_features_come_by_usage(told) -> None:
    assert [(row["feature_name"], row["total_calls"]) for row in told.json("list-features")] == [
        ("query", 6),
        ("save", 2),
        ("scan", 1),
    ]
    assert [row["feature_name"] for row in told.json("list-features", "--limit", "2")] == ["query", "save"]


def test_sizes_iterations_and_users(told) -> None:
    figures = told.json("feature-stats", "query")
    assert (figures["avg_input_size"], figures["avg_output_size"]) == (10, 20)
    assert figures["total_iterations"] == 3 * 2 + 3
    assert figures["unique_users"] == 2
