from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from curio_tracking.records import FeatureRecord

    Run = Callable[..., Any]

LONG = "billing_" + "x" * 90


def test_terminal_gets_a_table_with_units(
    on_terminal: Run, shop: list[FeatureRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    lines = on_terminal("list-features").out.splitlines()
    assert lines[0].split("  ")[0] == "Feature"
    assert "Last used (UTC)" in lines[0]
    translate = next(line for line in lines if "translate" in line)
    assert re.split(r"  +", translate.strip()) == (
        ["translate", "ai_provider", "5", "80.0 %", "1", "250 ms", "250 ms", "1.00", "2", "2026-11-01 12:00:04"]
    )
    assert "1 min 15 s" in on_terminal("list-records").out


def test_terminal_has_colours_unless_no_color_is_set(
    on_terminal: Run, shop: list[FeatureRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b[31m" in on_terminal("list-records").out
    monkeypatch.setenv("NO_COLOR", "1")
    for command in (
        ("list-records",),
        ("list-features",),
        ("feature-stats", "translate"),
        ("config",),
        ("plugins", "list"),
    ):
        assert "\x1b" not in on_terminal(*command).out


def test_pipe_has_no_colours_even_as_a_table(
    run: Run, shop: list[FeatureRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = run("list-records", "--format", "table").out
    assert "\x1b" not in out
    assert "Start (UTC)" in out


def test_names_are_never_cut(
    run: Run,
    on_terminal: Run,
    store: Callable[..., None],
    record: Callable[..., FeatureRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    store([record(1, feature_name=LONG)])
    for command in (("list-features",), ("list-records",), ("feature-stats", LONG)):
        assert LONG in run(*command).out
        assert LONG in run(*command, "--format", "table").out
        assert LONG in run(*command, "--format", "md").out.replace("\\", "")
        folded = on_terminal(*command, columns=60).out
        assert folded.count("x") >= 90
        assert "…" not in folded
        assert max(map(len, folded.splitlines())) <= 60


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_table_is_no_wider_than_the_terminal(
    on_terminal: Run, shop: list[FeatureRecord], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = on_terminal("list-features", columns=columns).out
    assert max(map(len, out.splitlines())) <= columns
    assert "translate" in out
    assert ("Efficiency" in out) == (columns == 200)


def test_columns_of_least_use_give_way_first(
    on_terminal: Run, shop: list[FeatureRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    heading = on_terminal("list-features", columns=60).out.splitlines()[0].split("  ")
    assert [name for name in map(str.strip, heading) if name] == ["Feature", "Calls", "Success", "Failures", "Average"]


def test_column_without_any_value_is_left_out_and_zeros_are_values(
    on_terminal: Run, store: Callable[..., None], record: Callable[..., FeatureRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    store([record(1, input_size=0)])
    heading = on_terminal("list-records", columns=300).out.splitlines()[0]
    assert "Input" in heading
    assert "Output" not in heading
    assert "Error" not in heading


def test_feature_stats_is_a_list_of_names_and_values(
    on_terminal: Run, shop: list[FeatureRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    rows = [re.split("  +", line.strip()) for line in on_terminal("feature-stats", "snapshot").out.splitlines()]
    shown = {row[0]: row[-1] for row in rows}
    assert shown["Calls"] == "2"
    assert shown["Timed out"] == "1"
    assert shown["Longest duration"] == "1 min 30 s"
    assert shown["Average efficiency (0 to 1)"] == "-"


def test_empty_store_on_a_terminal_is_one_hint(on_terminal: Run, data_dir: Path) -> None:
    result = on_terminal("list-features", columns=400)
    assert result.code == 0
    assert result.out.startswith(f"no records yet in {data_dir}; ")
    assert result.out.count("\n") == 1


EVIL = "[bold red]evil[/] [/x] :smile: \x1b[31mred\x1b[0m \x1b]0;title\x07 \u202egnp.exe \x9b2J\r\nnext\ttab"


@pytest.mark.parametrize("format_name", [None, "table", "json", "jsonl", "csv", "md"])
@pytest.mark.parametrize("command", [("list-features",), ("list-records",), ("feature-stats", EVIL)])
def test_names_steer_no_terminal_in_any_format(
    on_terminal: Run,
    run: Run,
    store: Callable[..., None],
    record: Callable[..., FeatureRecord],
    monkeypatch: pytest.MonkeyPatch,
    format_name: str | None,
    command: tuple[str, ...],
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FEATURE_TRACKING_ANONYMIZE", "false")
    store([record(1, feature_name=EVIL, user_id=EVIL, error_message=EVIL, metadata={EVIL: EVIL})])
    chosen = () if format_name is None else ("--format", format_name)
    for result in (on_terminal(*command, *chosen, columns=1000), run(*command, *chosen)):
        assert result.code == 0
        assert [name for name in "\x1b\x07\x9b\u202e" if name in result.out] == []
        assert "[bold red]evil[/] [/x] :smile:" in result.out.replace("\\[", "[").replace("\\]", "]")


def test_warnings_and_errors_are_escaped_too(
    on_terminal: Run, store: Callable[..., None], record: Callable[..., FeatureRecord]
) -> None:
    store([record(1, feature_name=EVIL)])
    out = on_terminal("feature-stats", EVIL + "x").out
    assert "did you mean" in out
    assert "\x1b" not in out


def test_table_goes_to_a_file_while_remarks_stay_on_the_terminal(on_terminal: Run, shop: list[FeatureRecord]) -> None:
    with open("out.txt", "wb") as file:
        result = on_terminal("list-features", "--limit", "1", stdout=file.fileno())
    assert result.out == "1 of 3 features; --limit 0 shows all\n"
    with open("out.txt") as file:
        assert file.read().startswith("feature_name\tcategory\t")
    assert os.path.getsize("out.txt") > 0
