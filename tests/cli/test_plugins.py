from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Run = Callable[..., Any]

GREETING = """
import typer
from curio_tracking import hookimpl
from curio_tracking.cli import FormatOption, Column, Layout, choose_format, open_session, print_rows

@hookimpl
def curio_register_commands(app):
    app.command("count-records")(count_records)

def count_records(ctx: typer.Context, format_name: FormatOption = None) -> None:
    '''Count the records.'''
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        count = sum(1 for _ in session.reader.records(session.reader.where()))
    print_rows([{"count": count}], Layout(("count",), (Column("count", "Records"),)), chosen)
"""


def states(out: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["group"], row["name"]): row for row in json.loads(out)}


def test_built_in_plugins_are_listed_with_all(run: Run) -> None:
    result = run("plugins", "list", "--all", "--format", "json")
    found = states(result.out)
    assert (result.code, result.err) == (0, "")
    tinyflux = found["curio_tracking", "tinyflux"]
    assert (tinyflux["distribution"], tinyflux["state"], tinyflux["load_ms"]) == ("curio-tracking", "installed", None)
    assert (tinyflux["kind"], tinyflux["hooks"]) == (["backend"], ["curio_register_backends"])
    assert found["curio_tracking.surfaces", "list_features"]["hooks"] == ["curio_register_commands"]


def test_list_imports_nothing_unless_it_is_asked_to(run: Run, plugin: Callable[..., None], tmp_path: Path) -> None:
    trace = tmp_path / "imported"
    plugin("leaves_a_trace", f"open({str(trace)!r}, 'w')\n{GREETING}")
    found = states(run("plugins", "list", "--format", "json").out)
    assert found["file", "leaves_a_trace"]["hooks"] == ["curio_register_commands"]
    assert found["file", "leaves_a_trace"]["state"] == "installed"
    assert not trace.exists()
    found = states(run("plugins", "list", "--load", "--format", "json").out)
    assert found["file", "leaves_a_trace"]["state"] == "active"
    assert found["file", "leaves_a_trace"]["load_ms"] > 0
    assert trace.exists()


@pytest.mark.parametrize("hook", ["curio_register_commands", "commands", "COMMANDS"])
def test_list_shows_who_implements_a_hook(run: Run, plugin: Callable[..., None], hook: str) -> None:
    plugin("greeting", GREETING)
    plugin("billing", "from curio_tracking import hookimpl\n@hookimpl\ndef curio_startup(tracker): pass\n")
    assert set(states(run("plugins", "list", "--hook", hook, "--format", "json").out)) == {("file", "greeting")}


def test_list_of_an_unknown_hook_says_which_there_are(run: Run) -> None:
    result = run("plugins", "list", "--hook", "backend")
    assert result.code == 2
    assert result.err.startswith('error: unknown hook "backend"; known: backends, filters, ')


def test_list_without_any_plugin_says_so(run: Run) -> None:
    result = run("plugins", "list", "--format", "md")
    assert (result.code, result.err) == (0, "no plugins but the built-in ones; --all lists them\n")


def test_hooks_that_only_an_import_could_tell_are_unknown(run: Run, plugin: Callable[..., None]) -> None:
    plugin("hidden", "from elsewhere import *\n# curio_register_filters\n")
    assert states(run("plugins", "list", "--format", "json").out)["file", "hidden"]["hooks"] is None


def test_file_that_everybody_may_write_is_refused(run: Run, plugin: Callable[..., None], tmp_path: Path) -> None:
    plugin("greeting", GREETING)
    (tmp_path / "plugins" / "greeting.py").chmod(0o666)
    result = run("count-records")
    assert result.code == 2
    assert "is refused: everybody may write " in result.err
    assert states(run("plugins", "list", "--format", "json").out)["file", "greeting"]["state"] == "broken"


def test_directory_that_everybody_may_write_is_refused(run: Run, plugin: Callable[..., None], tmp_path: Path) -> None:
    plugin("greeting", GREETING)
    (tmp_path / "plugins").chmod(0o777)
    result = run("count-records")
    assert result.code == 2
    assert "is refused: everybody may write " in result.err


def test_commands_of_a_plugin_that_fails_half_way_are_not_there(run: Run, plugin: Callable[..., None]) -> None:
    plugin(
        "half",
        GREETING.replace(
            'app.command("count-records")(count_records)', 'app.command("count-records")(count_records); 1 / 0'
        ),
    )
    assert run("count-records").code == 2


def test_third_party_command_uses_the_public_names(run: Run, plugin: Callable[..., None], shop: list[Any]) -> None:
    plugin("greeting", GREETING)
    result = run("count-records", "--format", "json")
    assert (result.code, result.out, result.err) == (0, '[\n{"count": 8}\n]\n', "")
    assert "count-records  Count the records." in run("--help").out


def test_broken_plugin_is_shown_and_the_other_commands_work(
    run: Run, plugin: Callable[..., None], shop: list[Any]
) -> None:
    plugin("bad", "raise RuntimeError('not today')")
    result = run("list-records", "--format", "jsonl")
    assert (result.code, len(result.out.splitlines())) == (0, 8)
    assert result.err.startswith('warning: plugin "bad" (')
    assert ") cannot be loaded: RuntimeError: not today; " in result.err
    row = states(run("plugins", "list", "--load", "--format", "json").out)["file", "bad"]
    assert (row["state"], row["error"]) == ("broken", "cannot be loaded: RuntimeError: not today")


def test_plugin_that_exits_at_import_does_not_end_the_program(run: Run, plugin: Callable[..., None]) -> None:
    plugin("bad", "raise SystemExit(7)")
    assert run("list-records", "--format", "json").code == 0


def test_failing_command_hook_is_shown_as_broken(run: Run, plugin: Callable[..., None]) -> None:
    plugin("bad", "from curio_tracking import hookimpl\n@hookimpl\ndef curio_register_commands(app):\n    1 / 0\n")
    row = states(run("plugins", "list", "--load", "--format", "json").out)["file", "bad"]
    assert row["state"] == "broken"
    assert "ZeroDivisionError" in row["error"]


def test_failing_page_hook_is_shown_as_broken(run: Run, plugin: Callable[..., None]) -> None:
    plugin("bad", "from curio_tracking import hookimpl\n@hookimpl\ndef curio_register_pages(register):\n    1 / 0\n")
    listed = run("plugins", "list", "--load", "--format", "json").out
    assert states(listed)["file", "bad"]["state"] == "broken"


def test_command_that_typer_cannot_read_takes_no_other_along(run: Run, plugin: Callable[..., None]) -> None:
    plugin(
        "odd",
        "from curio_tracking import hookimpl\n"
        "@hookimpl\n"
        "def curio_register_commands(app):\n"
        "    app.command('odd')(lambda first: None)\n"
        "    app.command('odder')(5)\n",
    )
    result = run("list-records", "--format", "json")
    assert (result.code, result.out) == (0, "[]\n")
    assert result.err.startswith("warning: ")


@pytest.mark.parametrize("body", ["async def greet(): print('hi')", "def greet(): yield"])
@pytest.mark.parametrize("app", ["app", "below"])
def test_command_that_would_do_nothing_is_refused(run: Run, plugin: Callable[..., None], body: str, app: str) -> None:
    plugin(
        "lazy",
        "import typer\n"
        "from curio_tracking import hookimpl\n"
        f"{body}\n"
        "@hookimpl\n"
        "def curio_register_commands(app):\n"
        "    below = typer.Typer()\n"
        f"    {app}.command('greet')(greet)\n"
        "    app.add_typer(below, name='below')\n",
    )
    result = run(*(["below", "greet"] if app == "below" else ["greet"]))
    assert result.code == 2
    assert "greet is a generator or async; write a plain function" in result.err


def test_built_in_command_cannot_be_replaced(run: Run, plugin: Callable[..., None], shop: list[Any]) -> None:
    plugin("greedy", GREETING.replace("count-records", "list-records"))
    result = run("list-records", "--format", "jsonl")
    assert len(result.out.splitlines()) == 8
    assert result.err == (
        'warning: the plugin in module "curio_tracking_plugin_greedy" brings another command "list-records", '
        "which is not used; rename it\n"
    )


def test_disabled_plugin_is_shown_as_such(
    run: Run, plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("greeting", GREETING)
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DISABLED", "greeting,export")
    found = states(run("plugins", "list", "--format", "json").out)
    assert found["file", "greeting"]["state"] == "disabled"
    assert run("count-records").code == 2
    assert run("export").err.startswith("error: no such command 'export'")


def test_recovery_commands_survive_being_disabled(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DISABLED", "config,plugins")
    assert run("plugins", "list").code == 0
    assert run("config").code == 0


def test_recovery_commands_are_in_the_help_whatever_is_left_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_ONLY", "nobody")
    listed = run("--help").out.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.splitlines() if line[:2] == "  " and line[2:3].strip()][:2] == [
        "config",
        "plugins",
    ]


@pytest.mark.parametrize(
    ("setting", "value", "ruling"),
    [
        (
            "DISABLED",
            "list_features",
            'is disabled by FEATURE_TRACKING_PLUGINS_DISABLED; take "list_features" out of it',
        ),
        (
            "DISABLED",
            "LIST-FEATURES",
            'is disabled by FEATURE_TRACKING_PLUGINS_DISABLED; take "list_features" out of it',
        ),
        (
            "DISABLED",
            "curio_tracking",
            'is disabled by FEATURE_TRACKING_PLUGINS_DISABLED; take "curio-tracking" out of it',
        ),
        ("ONLY", "greeting", 'is left out by FEATURE_TRACKING_PLUGINS_ONLY; add "curio-tracking" to it'),
    ],
)
def test_command_of_a_disabled_plugin_names_the_setting_and_the_plugin(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, ruling: str
) -> None:
    monkeypatch.setenv(f"FEATURE_TRACKING_PLUGINS_{setting}", value)
    result = run("list-features")
    label = f'plugin "list_features" (curio-tracking {version("curio-tracking")})'
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: no such command 'list-features': {label}, which has it, {ruling}\n"


@pytest.mark.parametrize(("setting", "value"), [("DISABLED", "welcome"), ("ONLY", "curio-tracking")])
@pytest.mark.parametrize(
    "registration", ['app.command("count-records")(count_records)', "app.command()(count_records)"]
)
def test_command_of_a_third_party_s_disabled_plugin_is_found_by_its_source_without_an_import(
    run: Run,
    plugin: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    setting: str,
    value: str,
    registration: str,
) -> None:
    trace = tmp_path / "imported"
    code = GREETING.replace('app.command("count-records")(count_records)', registration)
    plugin("welcome", f"open({str(trace)!r}, 'w')\n{code}")
    monkeypatch.setenv(f"FEATURE_TRACKING_PLUGINS_{setting}", value)
    result = run("count-records")
    assert (result.code, trace.exists()) == (2, False)
    assert result.err.startswith("error: no such command 'count-records': plugin \"welcome\" (")
    assert f"FEATURE_TRACKING_PLUGINS_{setting}" in result.err


def test_misspelt_command_is_still_only_misspelt_while_plugins_are_disabled(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DISABLED", "list_features")
    assert run("list-record").err.startswith("error: no such command 'list-record'. Did you mean ")


def test_strict_plugins_stop_commands_but_not_the_list(
    run: Run, plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("bad", "raise RuntimeError('not today')")
    monkeypatch.setenv("FEATURE_TRACKING_STRICT_PLUGINS", "true")
    result = run("list-records")
    assert result.code == 2
    assert result.err.startswith('error: plugin "bad" (')
    assert ") cannot be loaded: RuntimeError: not today; " in result.err
    assert run("plugins", "list").code == 0


def test_category_of_a_plugin_can_be_filtered_by(
    run: Run, plugin: Callable[..., None], store: Callable[..., None], record: Any
) -> None:
    plugin(
        "billing",
        "from curio_tracking import hookimpl\n"
        "@hookimpl\n"
        "def curio_register_categories(register):\n"
        "    register('billing', 'Money')\n",
    )
    store([record(1, category="billing"), record(2)])
    result = run("list-records", "--category", "billing", "--format", "jsonl")
    assert (result.code, len(result.out.splitlines())) == (0, 1)


@pytest.mark.parametrize(
    "command",
    [
        ("list-records", "--format", "jsonl"),
        ("export",),
        ("list-features", "--format", "jsonl"),
        ("feature-stats", "translate", "--format", "jsonl"),
    ],
    ids=lambda command: command[0],
)
def test_category_of_a_plugin_that_is_gone_can_be_filtered_by(
    run: Run, store: Callable[..., None], record: Any, command: tuple[str, ...]
) -> None:
    store([record(1, category="billing"), record(2)])
    result = run(*command, "--category", "billing")
    assert (result.code, result.err) == (0, "")
    assert [json.loads(line)["category"] for line in result.out.splitlines()] == ["billing"]


def test_category_that_is_nowhere_is_refused_with_one_message(
    run: Run, store: Callable[..., None], record: Any
) -> None:
    store([record(1, category="billing")])
    result = run("list-records", "--category", "bilingl")
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith('error: unknown category "bilingl"; known: ai_provider, mcp_server, ')
    assert result.err.endswith('; in the store: billing; did you mean "billing"?\n')


def test_control_characters_in_a_plugin_s_failure_are_visible(run: Run, plugin: Callable[..., None]) -> None:
    plugin("bad", "raise RuntimeError('\\x1b[2Jgone')")
    result = run("list-records")
    assert "\x1b" not in result.err
    assert "\\x1b[2Jgone" in result.err


def test_list_for_people(run: Run) -> None:
    out = run("plugins", "list", "--all", "--load", "--format", "md").out
    assert "| tinyflux | curio-tracking |" in out
    assert "| backend | backends | active |" in out
