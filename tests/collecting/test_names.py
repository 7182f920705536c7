"""The bound on feature names: which records it renames, and what never takes room in it."""

from __future__ import annotations

from typing import Any

import pytest

from curio_tracking.collecting import delivery
from curio_tracking.collecting.names import OTHER_FEATURES, FeatureNames


@pytest.fixture
def two_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trackers take two names."""
    monkeypatch.setattr(delivery, "FeatureNames", lambda: FeatureNames(2))


@pytest.mark.usefixtures("two_names")
def test_known_names_stay_and_further_ones_become_the_overflow_of_their_category(make_tracker: Any) -> None:
    tracker = make_tracker()
    for name in ("a", "b", "c", "a", "d"):
        with tracker.track(name, "sysmon"):
            pass
    stored = [(record.feature_name, record.category) for record in reversed(tracker.records())]
    assert stored == [(name, "sysmon") for name in ("a", "b", OTHER_FEATURES, "a", OTHER_FEATURES)]
    assert tracker.health()["errors"] == {"feature_names": 2}


@pytest.mark.usefixtures("two_names")
def test_excluded_name_takes_no_room_and_does_not_become_the_overflow(make_tracker: Any) -> None:
    tracker = make_tracker(exclude="secret*")
    for name in ("secret1", "a", "secret2", "b", "secret3"):
        with tracker.track(name):
            pass
    assert {record.feature_name for record in tracker.records()} == {"a", "b"}
    health = tracker.health()
    assert (health["recorded"], health["errors"]) == (2, {})
