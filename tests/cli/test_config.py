from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from curio_tracking.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import pytest

    Run = Callable[..., Any]


def by_name(out: str) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in json.loads(out)}


def test_every_setting_is_shown_with_value_source_and_description(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_EXCLUDE", "api_keys, passwords")
    Path("curio-tracking.toml").write_text("flush_interval = 7\n")
    result = run("config", "--format", "json")
    rows = by_name(result.out)
    assert (result.code, result.err) == (0, "")
    assert list(rows) == list(Settings.model_fields)
    assert (rows["exclude"]["value"], rows["exclude"]["source"]) == (
        "api_keys,passwords",
        "environment FEATURE_TRACKING_EXCLUDE",
    )
    assert (rows["flush_interval"]["value"], rows["flush_interval"]["default"]) == ("7", "100")
    assert rows["flush_interval"]["source"] == f"file {Path('curio-tracking.toml').absolute()}"
    assert (rows["sample_rate"]["value"], rows["sample_rate"]["source"]) == ("1.0", "default")
    assert rows["min_duration"]["variable"] == "FEATURE_TRACKING_MIN_DURATION"
    assert rows["min_duration"]["unit"] == "seconds"
    assert all(row["description"] for row in rows.values())


def test_root_options_are_arguments(run: Run, tmp_path: Path) -> None:
    rows = by_name(run("--backend", "csv", "--data-dir", str(tmp_path / "other"), "config", "--format", "json").out)
    assert (rows["backend"]["value"], rows["backend"]["source"]) == ("csv", "argument")
    assert (rows["data_dir"]["value"], rows["data_dir"]["source"]) == (str(tmp_path / "other"), "argument")


def test_secrets_are_masked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_DASHBOARD_TOKEN", "s3cr3t-of-sixteen-characters")
    for format_name in ("table", "json", "jsonl", "csv", "md"):
        result = run("config", "--format", format_name)
        assert "s3cr3t" not in result.out + result.err
        assert "****" in result.out.replace("\\*", "*")


def test_bad_values_are_listed_and_everything_is_shown_all_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "often")
    monkeypatch.setenv("FEATURE_TRACKING_SAMPLE_RATE", "2")
    result = run("config", "--format", "json")
    assert result.code == 2
    assert by_name(result.out)["flush_interval"]["value"] == "100"
    lines = result.err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("error: FEATURE_TRACKING_") for line in lines)


def test_other_commands_stop_at_bad_values(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "often")
    monkeypatch.setenv("FEATURE_TRACKING_SAMPLE_RATE", "2")
    for command in (("list-features",), ("list-records",), ("feature-stats", "x"), ("export",), ("dashboard",)):
        result = run(*command)
        assert (result.code, result.out) == (2, "")
        assert [line.split(":")[1].strip() for line in result.err.splitlines()] == [
            "FEATURE_TRACKING_FLUSH_INTERVAL",
            "FEATURE_TRACKING_SAMPLE_RATE",
        ]


def test_pipe_gets_one_setting_per_line(run: Run) -> None:
    lines = run("config").out.splitlines()
    assert lines[0].split("\t") == ["name", "value", "source", "description"]
    assert len(lines) == len(Settings.model_fields) + 1


def test_config_works_while_plugins_are_broken(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "bad.py").write_text("raise RuntimeError('not today')")
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(plugins))
    monkeypatch.setenv("FEATURE_TRACKING_STRICT_PLUGINS", "true")
    result = run("config")
    assert (result.code, result.err) == (0, "")
