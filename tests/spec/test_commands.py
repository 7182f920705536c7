"""The questions of the specification's command lines, asked through `curio-tracking`."""

from __future__ import annotations

APPLICATION = """
from curio_tracking import FeatureCategory, track_feature

@track_feature("my_feature", FeatureCategory.AI_PROVIDER)
def my_function(param1, param2):
    return "result"

for _ in range(25):
    my_function(1, 2)
for number in range(12):
    track_feature(f"other_{number}", FeatureCategory.SYSMON)(lambda: None)()
"""


def test_list_features_lists_the_top_features_by_usage(told) -> None:
    found = told.json("list-features", "--limit", "10")
    assert len(found) == 10
    assert (found[0]["feature_name"], found[0]["total_calls"]) == ("my_feature", 25)


def test_feature_stats_tells_about_one_feature_in_a_category(told) -> None:
    figures = told.json("feature-stats", "my_feature", "--category", "ai_provider")
    assert (figures["feature_name"], figures["category"], figures["total_calls"]) == ("my_feature", "ai_provider", 25)


def test_list_records_lists_recent_calls(told) -> None:
    found = told.json("list-records", "--limit", "20")
    assert len(found) == 20
    times = [record["start_time"] for record in found]
    assert times == sorted(times, reverse=True)


def test_list_records_can_be_filtered_by_category(told) -> None:
    found = told.json("list-records", "--category", "ai_provider", "--limit", "10")
    assert [record["category"] for record in found] == ["ai_provider"] * 10
