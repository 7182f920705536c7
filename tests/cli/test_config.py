from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from curio_tracking.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Run = Callable[..., Any]


def by_name(out: str) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in json.loads(out)}


def test_every_setting_is_shown_with_value_source_and_description(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_EXCLUDE", "api_keys, passwords")
    Path("curio-tracking.toml").write_text("flush_interval = 7\n")
    result = run("config", "--format", "json")
    rows = by_name(result.out)
    assert (result.code, result.err) == (0, "")
    assert list(rows) == [*Settings.model_fields, "memory.capacity"]
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
    assert len(lines) == 1 + len(Settings.model_fields) + len(["memory.capacity"])


def test_config_works_while_plugins_are_broken(
    run: Run, plugin: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("bad", "raise RuntimeError('not today')")
    monkeypatch.setenv("FEATURE_TRACKING_STRICT_PLUGINS", "true")
    result = run("config", "--format", "json")
    assert (result.code, result.err.count("\n")) == (0, 1)
    assert result.err.startswith('warning: plugin "bad" (')
    assert list(by_name(result.out))[-1] == "memory.capacity"


POSTBOX = """
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from curio_tracking import hookimpl

class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    address: str = Field("http://localhost", description="Where to send to.")
    api_key: str = Field("", description="Who we are.")
    code: SecretStr | None = Field(None, description="A word between us.")
    headers: dict[str, str] = Field({}, description="What goes along.")
    wait: float = Field(1.0, gt=0, description="How long to wait.", json_schema_extra={"unit": "seconds"})

@hookimpl
def curio_register_exporters(register):
    register("post-box", lambda settings: None, options=Options)
"""


@pytest.fixture
def postbox(plugin: Callable[[str, str], None]) -> None:
    """A plugin that registers options for what it calls `post-box`."""
    plugin("sender", POSTBOX)


def test_options_of_a_plugin_are_shown_as_settings_are(
    run: Run, postbox: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__WAIT", "2.5")
    Path("curio-tracking.toml").write_text('[post-box]\naddress = "http://example.org"\nwait = 7\n')
    result = run("config", "--format", "json")
    rows = by_name(result.out)
    assert (result.code, result.err) == (0, "")
    assert rows["post_box.wait"] == {
        "name": "post_box.wait",
        "variable": "FEATURE_TRACKING_POST_BOX__WAIT",
        "value": "2.5",
        "source": "environment FEATURE_TRACKING_POST_BOX__WAIT",
        "default": "1.0",
        "unit": "seconds",
        "description": "How long to wait.",
    }
    assert rows["post_box.address"]["value"] == "http://example.org"
    assert rows["post_box.address"]["source"] == f"file {Path('curio-tracking.toml').absolute()}"
    assert (rows["post_box.headers"]["value"], rows["post_box.headers"]["source"]) == ("{}", "default")


@pytest.mark.parametrize("format_name", ["table", "plain", "json", "jsonl", "csv", "md"])
def test_secret_options_are_masked(run: Run, postbox: None, monkeypatch: pytest.MonkeyPatch, format_name: str) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__CODE", "hush-1")
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__API_KEY", "hush-2")
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__ADDRESS", "https://me:hush-3@example.org/in")
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__HEADERS", '{"Authorization": "hush-4", "Accept": "all"}')
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__WAIT", "soon")
    result = run("config", *([] if format_name == "plain" else ["--format", format_name]))
    assert result.code == 2
    assert "hush" not in result.out + result.err
    assert "FEATURE_TRACKING_POST_BOX__WAIT" in result.err


def test_masked_options_still_tell_whether_they_are_set(
    run: Run, postbox: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__CODE", "hush")
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__HEADERS", '{"Authorization": "hush", "Accept": "all"}')
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__ADDRESS", "https://me:hush@example.org/in")
    rows = by_name(run("config", "--format", "json").out)
    assert (rows["post_box.code"]["value"], rows["post_box.api_key"]["value"]) == ("********", "")
    assert json.loads(rows["post_box.headers"]["value"]) == {"Authorization": "********", "Accept": "all"}
    assert rows["post_box.address"]["value"] == "https://********@example.org/in"


def test_options_that_cannot_be_used_are_problems_that_name_the_variable(
    run: Run, postbox: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__WIAT", "2")
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__WAIT", "-2")
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__ADDRESS", "http://example.org")
    result = run("config", "--format", "json")
    rows = by_name(result.out)
    options = "address, api_key, code, headers, wait"
    assert result.code == 2
    assert sorted(result.err.splitlines()) == [
        'error: FEATURE_TRACKING_POST_BOX__WAIT: "-2" is not more than 0; give a number above 0',
        'error: FEATURE_TRACKING_POST_BOX__WIAT: "post-box" has no such option; it has ' + options,
    ]
    assert (rows["post_box.wait"]["value"], rows["post_box.wait"]["source"]) == ("1.0", "default")
    assert rows["post_box.address"]["value"] == "http://example.org"


def test_options_of_a_plugin_that_is_not_installed_are_named_as_such(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_MEMROY__CAPACITY", "5")
    Path("curio-tracking.toml").write_text("[carrier-pigeon]\nspeed = 7\n")
    table = f"{Path('curio-tracking.toml').absolute()}: carrier-pigeon"
    result = run("config")
    assert result.code == 2
    assert result.err.splitlines() == [
        'error: FEATURE_TRACKING_MEMROY__CAPACITY: no plugin "memroy" is installed; did you mean "memory"?',
        f'error: {table}.speed: no plugin "carrier_pigeon" is installed; install it, or take this away',
    ]


def test_options_of_a_built_in_plugin_without_any_are_a_mistake(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_TINYFLUX__SPEED", "7")
    result = run("config")
    assert result.code == 2
    label = f'plugin "tinyflux" (curio-tracking {version("curio-tracking")})'
    assert result.err == f"error: FEATURE_TRACKING_TINYFLUX__SPEED: {label} has no options; take this away\n"


@pytest.mark.parametrize(
    ("settings", "code", "reason"),
    [
        ({"PLUGINS_DISABLED": "memory"}, "", 'has no effect: plugin "memory" (curio-tracking 0'),
        ({}, "raise RuntimeError", 'cannot be checked: plugin "sender" ('),
        ({}, "from curio_tracking import hookimpl\n@hookimpl\ndef curio_startup(tracker): pass\n", "does not tell"),
    ],
    ids=["disabled", "broken", "without a model"],
)
def test_options_that_nobody_can_check_cost_a_warning(
    run: Run,
    plugin: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    code: str,
    reason: str,
) -> None:
    if code:
        plugin("sender", code)
    name = "SENDER" if code else "MEMORY"
    for setting, value in {f"{name}__SPEED": "hush", **settings}.items():
        monkeypatch.setenv(f"FEATURE_TRACKING_{setting}", value)
    result = run("config", "--format", "json")
    assert result.code == 0
    (line,) = [line for line in result.err.splitlines() if f"FEATURE_TRACKING_{name}__SPEED: " in line]
    assert reason in line
    assert "hush" not in result.out + result.err


@pytest.mark.parametrize("fault", ["raise RuntimeError('hush')", "raise SystemExit(3)", "return again()"])
def test_model_that_raises_takes_nothing_else_along(run: Run, plugin: Callable[[str, str], None], fault: str) -> None:
    plugin(
        "sender",
        POSTBOX.replace("class Options", f"def again():\n    {fault}\n\nclass Options").replace(
            'Field("", description', "Field(default_factory=again, description"
        ),
    )
    result = run("config", "--format", "json")
    assert (result.code, "memory.capacity" in by_name(result.out)) == (2, True)
    assert result.err.startswith('error: the options of "post-box" cannot be shown: its model raised ')
    assert "hush" not in result.err


def test_options_that_do_not_fit_together_are_shown_as_they_are_given(
    run: Run, plugin: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("sender", POSTBOX.replace('address: str = Field("http://localhost", ', "address: str = Field("))
    monkeypatch.setenv("FEATURE_TRACKING_POST_BOX__WAIT", "2")
    result = run("config", "--format", "json")
    rows = by_name(result.out)
    assert result.code == 2
    assert result.err == 'error: FEATURE_TRACKING_POST_BOX__ADDRESS: "post-box" needs this option; set it\n'
    assert (rows["post_box.wait"]["value"], rows["post_box.address"]["value"]) == ("2", "")
