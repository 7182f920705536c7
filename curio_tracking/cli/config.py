"""config: every setting and option of a plugin with its value, where that came from, and what it means.

For broken setups too: plugins are imported to learn their options, each in the host's guard.
"""

from collections.abc import Sequence
from typing import Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    choose_format,
    examples,
    note,
    print_rows,
)
from curio_tracking.cli.session import careful_host, forgiving_settings
from curio_tracking.errors import SettingsError
from curio_tracking.hookspecs import hookimpl
from curio_tracking.plugins import Part, PluginHost, State
from curio_tracking.setting_problems import unknown_plugin
from curio_tracking.setting_rows import SettingRow
from curio_tracking.setting_sources import option_name
from curio_tracking.settings import Settings, describe_settings


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `config`."""
    app.command("config", epilog=examples("config", "--data-dir ./data config --format json"))(config)


def config(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """Show every setting, and every option of the installed plugins, with its value and its source.

    The table also says what each of them means; secrets are masked. When some value cannot be used, or an option is
    for nobody, all are shown with what stands in its place, and the exit code is 2.
    """
    chosen = choose_format(format_name)
    settings = forgiving_settings(ctx)
    options, problems = _options(settings, careful_host(settings))
    print_rows(map(_shown, [*describe_settings(settings), *options]), LAYOUT, chosen)
    if settings.problems or problems:
        raise SettingsError("\n".join([*settings.problems, *problems]))


def _options(settings: Settings, host: PluginHost) -> tuple[list[SettingRow], list[str]]:
    """Return the options of all plugins that tell theirs, and what is wrong with those that are given."""
    parts = host.configurable()
    rows: dict[str, SettingRow] = {}
    problems: list[str] = []
    for part in parts:
        if part.options is not None:
            found, faults = settings.describe_options(part.name, part.options)
            rows |= {row.variable: row for row in found}
            problems += faults
    described = [part.name for part in parts if part.options is not None]
    for name, places in settings.options_beside(described).items():
        is_mistake, reason = _verdict(name, host, parts)
        for place in places:
            if is_mistake:
                problems.append(f"{place}: {reason}")
            else:
                note(f"warning: {place}: {reason}")
    return list(rows.values()), list(dict.fromkeys(problems))


def _verdict(name: str, host: PluginHost, parts: Sequence[Part[Any]]) -> tuple[bool, str]:
    """Return whether options for a plugin of this name, whose model is not known, are a mistake, and what is so."""
    owners = [part.owner for part in parts if option_name(part.name) == name]
    named = [state for state in host.plugins() if option_name(state.name) == name]
    state = next(iter(owners + named), None)
    if state is None:
        known = [*(state.name for state in host.plugins()), *(part.name for part in parts)]
        return True, unknown_plugin(name, map(option_name, known))
    if state.state is State.DISABLED:
        return False, f"has no effect: {state.label} {state.ruling}"
    if state.state is State.BROKEN:
        return False, f"cannot be checked: {state.label} is broken"
    if state.is_built_in:
        return True, f"{state.label} has no options; take this away"
    # it may read options that it has not registered a model of
    return False, f"cannot be checked: {state.label} does not tell which options it has"


def _shown(row: SettingRow) -> dict[str, str]:
    return {
        "name": row.name,
        "variable": row.variable,
        "value": row.value_text,
        "source": row.source,
        "default": row.default_text,
        "unit": row.unit,
        "description": row.description,
    }


LAYOUT: Final = Layout(
    ("name", "variable", "value", "source", "default", "unit", "description"),
    (
        Column("name", "Setting", style=lambda _: "bold"),
        Column("value", "Value", is_long=True),
        Column("source", "Source", is_long=True),
        Column("description", "Description", is_long=True, rank=1),
    ),
)
