"""`--min-users`: no statistics about a handful of people where somebody asks for that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.cli.small_groups import is_small, of_many_users
from curio_tracking.summaries import Summary, fold
from curio_tracking.testing import make_record


@pytest.fixture
def crowd(store: Callable[..., None], record: Callable[..., Any]) -> None:
    """Features called by 5 users, by 2, and by nobody who is known."""
    users = {"popular": ["a", "b", "c", "d", "e", "a"], "rare": ["a", "b", "b"], "anonymous": [None] * 9}
    calls = [(feature, user) for feature, ids in users.items() for user in ids]
    store([record(n, feature_name=feature, user_id=user) for n, (feature, user) in enumerate(calls)])


def names(result: Any) -> list[str]:
    return [row["feature_name"] for row in json.loads(result.out)]


@pytest.mark.parametrize(
    ("least", "shown"),
    [
        ("0", ["anonymous", "popular", "rare"]),
        ("1", ["popular", "rare"]),
        ("2", ["popular", "rare"]),
        ("3", ["popular"]),
    ],
)
def test_features_with_fewer_users_are_left_out(run: Any, crowd: None, least: str, shown: list[str]) -> None:
    assert names(run("list-features", "--min-users", least, "--format", "json")) == shown


@pytest.mark.parametrize("format_name", ["json", "jsonl", "csv", "md", "table"])
def test_number_of_those_left_out_is_said_beside_the_data(run: Any, crowd: None, format_name: str) -> None:
    result = run("list-features", "--min-users", "3", "--format", format_name)
    assert (result.code, result.err) == (0, "2 of 3 features left out: fewer than 3 users\n")
    assert "rare" not in result.out


def test_limit_counts_those_that_are_shown(run: Any, crowd: None) -> None:
    result = run("list-features", "--min-users", "2", "--limit", "1")
    assert result.err.splitlines() == [
        "1 of 3 features left out: fewer than 2 users",
        "1 of 2 features; --limit 0 shows all",
    ]


def test_single_feature_with_fewer_users_is_refused(run: Any, crowd: None) -> None:
    result = run("feature-stats", "rare", "--min-users", "3")
    assert (result.code, result.out) == (1, "")
    assert result.err == 'error: the statistics of "rare" are left out: fewer than 3 users\n'


def test_single_feature_with_enough_users_is_shown(run: Any, crowd: None) -> None:
    result = run("feature-stats", "popular", "--min-users", "5", "--format", "json")
    assert json.loads(result.out)["unique_users"] == 5


@pytest.mark.parametrize("format_name", ["jsonl", "csv"])
@pytest.mark.parametrize(("least", "written"), [("0", 18), ("2", 9), ("3", 6), ("6", 0)])
def test_calls_of_features_with_fewer_users_are_not_exported(
    run: Any, crowd: None, tmp_path: Path, format_name: str, least: str, written: int
) -> None:
    path = tmp_path / "passed-on"
    result = run("export", "--min-users", least, "--format", format_name, "--output", str(path))
    assert f"{written} records written" in result.err
    assert ("features left out" in result.err) == (written < 18)
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == written + (format_name == "csv")
    assert any("rare" in line for line in lines) == (written > 6)


def test_feature_that_comes_while_the_export_runs_is_left_out() -> None:
    before = [make_record(1, feature_name="popular", user_id="a"), make_record(2, feature_name="popular", user_id="b")]
    since = make_record(3, feature_name="new", user_id="c")
    known = fold(before, ("feature_name", "category")).values()
    assert list(of_many_users([since, *before], known, 2)) == before


def test_filters_count_the_users_of_what_they_leave(run: Any, crowd: None) -> None:
    assert names(run("list-features", "--min-users", "2", "--user", "a", "--format", "json")) == []


def test_feature_that_nobody_called_tells_nothing_about_anybody(run: Any, crowd: None, make_tracker: Any) -> None:
    tracker = make_tracker(backend="tinyflux")
    tracker.track_feature("unused")(lambda: None)
    tracker.track_feature("used")(lambda: None)()
    assert tracker.flush(60)
    assert "unused" in names(run("list-features", "--limit", "0", "--min-users", "100", "--format", "json"))


@given(st.integers(0, 150), st.integers(1, 150))
def test_group_that_is_shown_never_has_fewer_users(users: int, least: int) -> None:
    records = [make_record(number, user_id=f"u{number}") for number in range(users)]
    summary = next(iter(fold(records, ("feature_name",)).values()), Summary({}))
    assert is_small(summary, least) or users >= least or users == 0
