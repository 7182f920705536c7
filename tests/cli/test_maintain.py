"""maintain and doctor: what they do to a store, what they say of it, how they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from curio_tracking.records import FeatureRecord

    Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def records_of_any_age_stay(own_store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the records of the tests, which bear fixed dates, however late it is."""
    monkeypatch.setenv("FEATURE_TRACKING_RETENTION_DAYS", "0")


def _condition(run: Run, part: str) -> dict[str, Any]:
    found = {row["part"]: row for row in json.loads(run("doctor", "--format", "json").out)}
    return found[part]


def test_maintain_compresses_what_is_over_and_changes_no_answer(
    run: Run, shop: list[FeatureRecord], data_dir: Path
) -> None:
    before = run("list-features", "--format", "json").out, run("list-records", "--format", "json").out
    result = run("maintain", "--format", "json")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["failed"] == []
    assert [path.suffix for path in (data_dir / "raw").glob("*/*.csv*")] == [".gz"]
    assert (run("list-features", "--format", "json").out, run("list-records", "--format", "json").out) == before


def test_second_maintain_finds_nothing_to_shrink(run: Run, shop: list[FeatureRecord]) -> None:
    run("maintain")
    found = json.loads(run("maintain", "--format", "json").out)
    assert found["bytes_before"] == found["bytes_after"]


def test_old_records_go_and_their_totals_stay(
    run: Run, store: Callable[..., None], record: Callable[..., FeatureRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    store([record(number, user_id="u1") for number in range(3)])
    monkeypatch.setenv("FEATURE_TRACKING_RETENTION_DAYS", "1")
    before = run("list-features", "--format", "json").out
    assert run("maintain").code == 0
    assert json.loads(run("list-records", "--format", "json").out) == []
    assert run("list-features", "--format", "json").out == before
    asked = run("list-features", "--user", "u1")
    assert "are gone (RETENTION_DAYS)" in asked.err


def test_question_about_a_user_says_that_it_reads_records(run: Run, shop: list[FeatureRecord]) -> None:
    assert "no rollup knows single users" in run("list-features", "--user", "u1").err
    assert run("list-features", "--user", "u1", "--format", "json").err == ""


def test_backend_without_upkeep_is_no_error(
    run: Run, store: Callable[..., None], record: Callable[..., FeatureRecord]
) -> None:
    store([record()], backend="csv")
    for command in ("maintain", "doctor"):
        result = run("--backend", "csv", command)
        assert (result.code, result.out) == (0, "")
        assert '"csv"' in result.err


def test_doctor_counts_files_and_changes_none(run: Run, shop: list[FeatureRecord], data_dir: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in data_dir.rglob("*")}
    sealed = _condition(run, "segments, sealed")
    assert (sealed["files"], sealed["oldest"], sealed["condition"]) == (1, "2026-11-01", "ok")
    assert sealed["size_bytes"] == sum(path.stat().st_size for path in data_dir.glob("raw/*/*.csv"))
    assert {path: path.stat().st_mtime_ns for path in data_dir.rglob("*")} == before


def test_doctor_on_an_empty_store_finds_nothing(run: Run, data_dir: Path) -> None:
    result = run("doctor", "--format", "json")
    assert result.code == 0
    assert {row["files"] for row in json.loads(result.out)} == {0}
    assert not data_dir.exists()


def test_lines_that_are_no_records_are_put_into_quarantine(run: Run, shop: list[FeatureRecord], data_dir: Path) -> None:
    [segment] = data_dir.glob("raw/*/*.csv")
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([lines[0], b"\x00 no record\n", *lines[1:]]))
    run("doctor", "--repair")
    assert [path.read_bytes() for path in data_dir.glob("quarantine/*/*.rows")] == [b"\x00 no record\n"]
    assert _condition(run, "quarantine")["condition"] == "attention"
    assert len(json.loads(run("list-records", "--format", "json", "--limit", "0").out)) == len(shop)


def test_damaged_rollup_of_a_day_is_found_and_repaired(run: Run, shop: list[FeatureRecord], data_dir: Path) -> None:
    run("maintain")
    answer = run("list-features", "--format", "json").out
    rollup = data_dir / "rollups" / "2026-11-01.rollup"
    rollup.write_bytes(rollup.read_bytes()[:-20])
    result = run("doctor")
    assert result.code == 1
    assert "2026-11-01" in result.err
    assert run("list-features", "--format", "json").out == answer
    assert run("doctor", "--repair").code == 0
    assert run("list-features", "--format", "json").out == answer
