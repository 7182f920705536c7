"""The ten categories of the specification: each can be given, is stored, and can be asked for."""

from __future__ import annotations

import pytest

from curio_tracking import FeatureCategory, FeatureTracker

NAMES = (
    "AI_PROVIDER",
    "MCP_SERVER",
    "SYSMON",
    "CONFIG_EDITOR",
    "AGENT_PLATFORM",
    "WEB_INTERFACE",
    "TERMINAL_TOOL",
    "FILE_OPERATION",
    "DATABASE_OPERATION",
    "OTHER",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_category_is_stored_and_found(name: str, tracker: FeatureTracker) -> None:
    tracker.track_feature("in_it", FeatureCategory[name])(lambda: None)()
    tracker.track_feature("elsewhere", "other" if name != "OTHER" else "sysmon")(lambda: None)()
    [record] = tracker.records(category=FeatureCategory[name])
    assert (record.feature_name, record.category) == ("in_it", name.lower())
    assert [row["feature_name"] for row in tracker.top_features(category=name)] == ["in_it"]


def test_there_are_no_other_built_in_categories() -> None:
    assert tuple(category.name for category in FeatureCategory) == NAMES


def test_uncategorized_features_are_other(tracker: FeatureTracker) -> None:
    tracker.track_feature("somewhere")(lambda: None)()
    assert [record.category for record in tracker.records()] == ["other"]
