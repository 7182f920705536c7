from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from curio_tracking.summaries import STATISTICS, fold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from curio_tracking.records import FeatureRecord

    Run = Callable[..., Any]


def test_json_is_one_array_of_statistics_most_calls_first(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("list-features", "--limit", "10", "--format", "json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert [(row["feature_name"], row["total_calls"]) for row in found] == [
        ("translate", 5),
        ("snapshot", 2),
        ("import_csv", 1),
    ]
    assert found[0] == fold(shop, ("feature_name", "category"))["translate", "ai_provider"].as_dict()


def test_pipe_gets_tab_separated_text_with_raw_values(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("list-features")
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert lines[0][:3] == ["feature_name", "category", "total_calls"]
    row = dict(zip(lines[0], lines[1], strict=True))
    assert row["feature_name"] == "translate"
    assert row["success_rate"] == "80.0"
    assert row["avg_duration"] == "0.25"
    assert row["last_used"] == "2026-11-01T12:00:04.000000Z"
    assert (len(lines), result.err) == (4, "")


def test_json_lines_and_csv_hold_every_statistic(run: Run, shop: list[FeatureRecord]) -> None:
    lines = run("list-features", "--format", "jsonl").out.splitlines()
    assert [list(json.loads(line)) for line in lines] == [list(STATISTICS)] * 3
    rows = list(csv.DictReader(io.StringIO(run("list-features", "--format", "csv").out)))
    assert list(rows[0]) == list(STATISTICS)
    assert (rows[1]["feature_name"], rows[1]["timeout_count"], rows[1]["avg_efficiency"]) == ("snapshot", "1", "")


def test_markdown_is_a_table_for_people(run: Run, shop: list[FeatureRecord]) -> None:
    lines = run("list-features", "--format", "md").out.splitlines()
    assert lines[0].startswith("| Feature | Category | Calls | Success |")
    assert set(lines[1]) <= set("| -:")
    assert "| snapshot | sysmon | 2 | 50.0 % | 1 | 1 min 22 s |" in lines[3]


def test_limit_cuts_and_says_so_to_people_only(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("list-features", "--limit", "1")
    assert len(result.out.splitlines()) == 2
    assert result.err == "1 of 3 features; --limit 0 shows all\n"
    assert run("list-features", "--limit", "1", "--format", "json").err == ""


def test_limit_is_ten_and_0_is_all(run: Run, store: Callable[..., None], record: Callable[..., FeatureRecord]) -> None:
    store([record(n, feature_name=f"feature_{n}") for n in range(12)])
    assert len(json.loads(run("list-features", "--format", "json").out)) == 10
    assert len(json.loads(run("list-features", "--limit", "0", "--format", "json").out)) == 12


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (("--category", "sysmon"), {"snapshot": 2}),
        (("--category", "AI-Provider"), {"translate": 5}),
        (("--status", "failed"), {"translate": 1}),
        (("--since", "2026-11-01T12:00:05"), {"snapshot": 2, "import_csv": 1}),
        (("--until", "2026-11-01T12:00:01"), {"translate": 1}),
        (("--since", "2026-11-01T12:00:05+00:00", "--until", "2026-11-01 12:00:06"), {"snapshot": 1}),
    ],
)
def test_filters_choose_what_is_counted(
    run: Run, shop: list[FeatureRecord], filters: tuple[str, ...], names: dict[str, int]
) -> None:
    found = json.loads(run("list-features", *filters, "--format", "json").out)
    assert {row["feature_name"]: row["total_calls"] for row in found} == names


def test_one_user_s_features(run: Run, shop: list[FeatureRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_ANONYMIZE", "false")
    found = json.loads(run("list-features", "--user", "u1", "--format", "json").out)
    assert [(row["feature_name"], row["total_calls"], row["unique_users"]) for row in found] == [("translate", 2, 1)]


@pytest.mark.parametrize(("format_name", "out"), [("json", "[]\n"), ("jsonl", "")])
def test_empty_store_is_no_error_for_machines(run: Run, format_name: str, out: str) -> None:
    result = run("list-features", "--format", format_name)
    assert (result.code, result.out, result.err) == (0, out, "")


def test_empty_store_tells_people_how_to_start(run: Run, data_dir: Path) -> None:
    result = run("list-features", "--format", "table")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith(f"no records yet in {data_dir}; ")
    assert "curio-tracking demo" in result.err


def test_filters_that_nothing_passes_are_told_from_an_empty_store(run: Run, shop: list[FeatureRecord]) -> None:
    assert run("list-features", "--category", "database_operation").err == "no records match\n"


def test_reading_creates_no_file(run: Run, data_dir: Path) -> None:
    assert run("list-features").code == 0
    assert not data_dir.exists()
