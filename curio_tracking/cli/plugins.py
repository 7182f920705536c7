"""plugins: what is installed, what it does, and what is wrong with it."""

from typing import Any, Final

import typer

from curio_tracking.cli import Column, FormatOption, Layout, choose_format, examples, print_rows, root_overrides
from curio_tracking.hookspecs import ENTRY_POINT_GROUP, SURFACES_GROUP, hookimpl
from curio_tracking.plugins import PluginHost, PluginState
from curio_tracking.settings import load_settings

STATE_STYLES: Final = {"active": "green", "broken": "red", "disabled": "yellow"}


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `plugins` and its commands."""
    group = typer.Typer(name="plugins", help="See which plugins are installed and whether they work.")
    group.callback(no_args_is_help=True)(_plugins)
    group.command("list", epilog=examples("plugins list", "plugins list --format json"))(list_plugins)
    app.add_typer(group)


def _plugins() -> None:
    """See which plugins are installed and whether they work."""


def list_plugins(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """List every plugin that was found, the built-in ones included.

    The state is active, disabled (by FEATURE_TRACKING_PLUGINS_DISABLED or FEATURE_TRACKING_PLUGINS_ONLY) or broken;
    a broken one does not disturb the others.
    """
    chosen = choose_format(format_name)
    # not strict, whatever the settings say: this is where one looks when STRICT_PLUGINS stops everything else
    settings = load_settings(root_overrides(ctx), strict=False).model_copy(update={"strict_plugins": False})
    host = PluginHost.for_settings(settings, (ENTRY_POINT_GROUP, SURFACES_GROUP))
    # commands and pages are otherwise asked for when they are needed: their hooks may be what is broken
    host.add_commands(typer.Typer())
    host.pages()
    print_rows((_row(state) for state in host.plugins()), LAYOUT, chosen)


def _row(state: PluginState) -> dict[str, Any]:
    return {
        "name": state.name,
        "distribution": state.distribution,
        "version": state.version,
        "group": state.group,
        "state": state.state,
        "hooks": list(state.hooks),
        "problem": state.problem,
    }


def _state_style(state: Any) -> str:
    return STATE_STYLES.get(str(state), "")


def _listed(hooks: Any) -> str:
    return ", ".join(str(hook).removeprefix("curio_register_").removeprefix("curio_") for hook in hooks) or "-"


LAYOUT: Final = Layout(
    ("name", "distribution", "version", "group", "state", "hooks", "problem"),
    (
        Column("name", "Plugin", style=lambda _: "bold"),
        Column("distribution", "Distribution", rank=2),
        Column("version", "Version", rank=3),
        Column("group", "Group", rank=5),
        Column("state", "State", style=_state_style),
        Column("hooks", "Hooks", _listed, is_long=True, rank=4),
        Column("problem", "Problem", is_long=True, rank=1),
    ),
)
