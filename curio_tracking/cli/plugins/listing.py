"""plugins list: every plugin, what it brings and how it is; from metadata and source, without importing any."""

from typing import Annotated, Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    choose_format,
    is_for_people,
    note,
    print_rows,
)
from curio_tracking.cli.session import careful_host, forgiving_settings
from curio_tracking.hookspecs import HOOK_NAMES
from curio_tracking.plugins import PluginHost, PluginState
from curio_tracking.reader import choose

STATE_STYLES: Final = {"active": "green", "broken": "red", "disabled": "yellow"}


def short(hook: str) -> str:
    """Return a hook's name as people say it: `backends` for `curio_register_backends`."""
    return hook.removeprefix("curio_").removeprefix("register_")


SHORT_HOOKS: Final = {short(hook): hook for hook in HOOK_NAMES}


def list_plugins(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="List the built-in plugins as well.")] = False,
    hook: Annotated[
        str | None,
        typer.Option(
            "--hook",
            metavar="NAME",
            help="Only those that implement this hook, for example backends.",
            autocompletion=lambda: list(SHORT_HOOKS),
        ),
    ] = None,
    load: Annotated[
        bool, typer.Option("--load", help="Import them, to see whether they work and how long it takes.")
    ] = False,
    format_name: FormatOption = None,
) -> None:
    """List the plugins that are installed or lie in FEATURE_TRACKING_PLUGINS_DIR.

    The state is installed (not imported), disabled (by FEATURE_TRACKING_PLUGINS_DISABLED or
    FEATURE_TRACKING_PLUGINS_ONLY), broken, or active once it was imported: with --load. Hooks are read in the source
    of those that are not imported. A broken plugin does not disturb the others.
    """
    chosen = choose_format(format_name)
    wanted = _hook_of(hook) if hook else None
    host = careful_host(forgiving_settings(ctx))
    if load:
        load_everything(host)
    states = [state for state in host.look() if _is_wanted(state, wanted, every=every)]
    count = print_rows((_row(state) for state in states), LAYOUT, chosen)
    if not count and is_for_people(chosen):
        note("no such plugin is installed" if wanted or every else "no plugins but the built-in ones; --all lists them")


def load_everything(host: PluginHost) -> None:
    """Import every plugin and call every hook that registers something."""
    host.load_all()
    host.add_commands(typer.Typer())


def _hook_of(given: str) -> str:
    return SHORT_HOOKS[choose("hook", short(given), tuple(SHORT_HOOKS))]


def _is_wanted(state: PluginState, hook: str | None, *, every: bool) -> bool:
    return (every or not state.is_built_in) and (hook is None or state.hooks is None or hook in state.hooks)


def _row(state: PluginState) -> dict[str, Any]:
    return {
        "name": state.name,
        "distribution": state.distribution,
        "version": state.version,
        "group": state.group,
        "kind": list(state.kinds),
        "hooks": None if state.hooks is None else list(state.hooks),
        "state": state.state.value,
        "load_ms": None if state.load_seconds is None else round(state.load_seconds * 1000, 1),
        "error": state.problem,
    }


def _state_style(state: Any) -> str:
    return STATE_STYLES.get(str(state), "")


def _listed(names: Any) -> str:
    """Return hooks or kinds on one line; `?` where only an import could tell."""
    return "?" if names is None else ", ".join(map(short, names)) or "-"


LAYOUT: Final = Layout(
    ("name", "distribution", "version", "group", "kind", "hooks", "state", "load_ms", "error"),
    (
        Column("name", "Plugin", style=lambda _: "bold"),
        Column("distribution", "Distribution", rank=2),
        Column("version", "Version", rank=3),
        Column("group", "Group", rank=6),
        Column("kind", "Kind", _listed, is_long=True),
        Column("hooks", "Hooks", _listed, is_long=True, rank=5),
        Column("state", "State", style=_state_style),
        Column("load_ms", "Load (ms)", lambda value: "-" if value is None else f"{value:.1f}", is_number=True, rank=4),
        Column("error", "Error", is_long=True, rank=1),
    ),
)
