from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from curio_tracking.summaries import STATISTICS, fold

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from curio_tracking.records import FeatureRecord

    Run = Callable[..., Any]


def test_json_is_one_object_with_the_statistics(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("feature-stats", "translate", "--category", "ai_provider", "--format", "json")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == fold(shop, ("feature_name", "category"))["translate", "ai_provider"].as_dict()
    assert list(json.loads(result.out)) == list(STATISTICS)


def test_json_lines_hold_the_object_on_one_line(run: Run, shop: list[FeatureRecord]) -> None:
    out = run("feature-stats", "snapshot", "--format", "jsonl").out
    assert out.count("\n") == 1
    assert json.loads(out)["total_calls"] == 2


def test_csv_is_a_header_and_one_row(run: Run, shop: list[FeatureRecord]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("feature-stats", "snapshot", "--format", "csv").out)))
    assert [(list(row), row["timeout_count"]) for row in rows] == [(list(STATISTICS), "1")]


def test_pipe_gets_one_name_and_value_per_line(run: Run, shop: list[FeatureRecord]) -> None:
    lines = [line.split("\t") for line in run("feature-stats", "snapshot").out.splitlines()]
    assert [name for name, _ in lines] == list(STATISTICS)
    assert dict(lines)["max_duration"] == "90.0"
    assert dict(lines)["avg_efficiency"] == ""


def test_markdown_names_units(run: Run, shop: list[FeatureRecord]) -> None:
    out = run("feature-stats", "snapshot", "--format", "md").out
    assert "| Longest duration | 1 min 30 s |" in out
    assert "| Success rate | 50.0 % |" in out


def test_time_range_counts_only_what_lies_in_it(run: Run, shop: list[FeatureRecord]) -> None:
    out = run("feature-stats", "translate", "--since", "2026-11-01T12:00:03", "--format", "json").out
    assert json.loads(out)["total_calls"] == 2


def test_feature_of_two_categories_is_added_up(
    run: Run, store: Callable[..., None], record: Callable[..., FeatureRecord]
) -> None:
    store([record(1), record(2, category="other")])
    both = json.loads(run("feature-stats", "translate", "--format", "json").out)
    assert (both["category"], both["total_calls"]) == (None, 2)
    one = json.loads(run("feature-stats", "translate", "--category", "other", "--format", "json").out)
    assert (one["category"], one["total_calls"]) == ("other", 1)


def test_known_feature_without_calls_in_the_range_has_zeros_and_no_averages(
    run: Run, shop: list[FeatureRecord]
) -> None:
    result = run("feature-stats", "translate", "--since", "2026-11-02", "--format", "json")
    found = json.loads(result.out)
    assert result.code == 0
    assert (found["feature_name"], found["category"], found["total_calls"]) == ("translate", "ai_provider", 0)
    assert (found["success_rate"], found["avg_duration"], found["last_used"]) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("translat", 'error: unknown feature "translat"; did you mean "translate"?\n'),
        ("Translate", 'error: unknown feature "Translate"; did you mean "translate"?\n'),
        ("xyz", 'error: unknown feature "xyz"; "curio-tracking list-features --limit 0" lists all\n'),
    ],
)
def test_unknown_feature_is_an_error_that_names_near_ones(
    run: Run, shop: list[FeatureRecord], name: str, message: str
) -> None:
    result = run("feature-stats", name, "--format", "json")
    assert (result.code, result.out, result.err) == (1, "", message)


def test_wrong_category_is_told_with_the_right_one(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("feature-stats", "translate", "--category", "sysmon")
    assert result.code == 1
    assert result.err == 'error: feature "translate" is not in category sysmon; it is in ai_provider\n'


def test_any_feature_is_unknown_to_an_empty_store(run: Run) -> None:
    result = run("feature-stats", "my_feature", "--category", "ai_provider")
    assert result.code == 1
    assert result.err.startswith('error: unknown feature "my_feature": no records yet in ')


def test_name_is_required(run: Run) -> None:
    result = run("feature-stats")
    assert result.code == 2
    assert result.err == "error: missing argument 'NAME'; see \"curio-tracking feature-stats --help\"\n"
