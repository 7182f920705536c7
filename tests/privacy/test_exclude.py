"""Excluded features: by name or glob, in any case, without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from curio_tracking.privacy.exclude import MOST_REMEMBERED, Exclude, create
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking import FeatureTracker


@pytest.mark.parametrize(
    ("globs", "name"),
    [
        (("api_keys",), "api_keys"),
        (("API_Keys",), "api_keys"),
        (("api_keys",), "API_KEYS"),
        (("passw*",), "passwords"),
        (("admin.*", "x"), "admin.users.delete"),
        (("job_?",), "job_7"),
        (("job_[ab]",), "job_b"),
        (("STRASSE",), "straße"),
    ],
)
def test_a_matching_feature_is_dropped(globs: tuple[str, ...], name: str) -> None:
    assert Exclude(globs).apply(make_record(feature_name=name)) is None


@pytest.mark.parametrize("name", ["api_key", "my_api_keys", "api_keys_2", ""])
def test_any_other_feature_is_kept(name: str) -> None:
    record = make_record(feature_name=name)
    assert Exclude(("api_keys",)).apply(record) is record


def test_decisions_stay_right_when_more_names_came_than_are_remembered() -> None:
    record_filter = Exclude(("job_9*",))
    for number in range(MOST_REMEMBERED + 10):
        record_filter.apply(make_record(feature_name=f"job_{number}"))
    assert record_filter.apply(make_record(feature_name="job_95")) is None
    assert record_filter.apply(make_record(feature_name="job_5")) is not None


def test_no_filter_is_made_for_an_empty_list() -> None:
    assert create(load_settings(strict=True)) is None


def test_an_excluded_feature_leaves_no_record_and_no_count(make_tracker: Callable[..., FeatureTracker]) -> None:
    tracker = make_tracker(exclude="hush*")

    @tracker.track_feature("hush_hush")
    def secret() -> None: ...

    @tracker.track_feature("open")
    def known() -> None: ...

    secret()
    known()
    assert tracker.flush(60)
    assert [record.feature_name for record in tracker.records(limit=0)] == ["open"]
    assert "hush" not in str(tracker.health())
