"""plugins check: each plugin held to the suites that our own parts pass, and what it costs; `trial` runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    choose_format,
    is_for_people,
    note,
    print_rows,
    units,
)
from curio_tracking.cli.failures import FAILURE
from curio_tracking.cli.plugins.finding import all_plugins, named
from curio_tracking.cli.session import forgiving_settings
from curio_tracking.errors import SettingsError
from curio_tracking.plugins import PluginState, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curio_tracking.cli.plugins.trial import Trial, Verdict

STATE_STYLES: Final = {"passed": "green", "failed": "red", "idle": "yellow", "loaded": "yellow"}


def check(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A plugin's name, or its distribution's; all if left out.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", metavar="KEY=VALUE", help="Give the plugin an option, such as a test server's address."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="When a plugin counts as hanging.")
    ] = 300.0,
    format_name: FormatOption = None,
) -> None:
    """Load plugins, run the suites that their parts must pass, and measure what they cost.

    Each plugin is checked in a process and a temporary directory of its own, without your settings: no records of yours
    are touched. Its options have their defaults but for those given here; what they name is filled with example records
    and emptied. Suites need pytest and hypothesis. Exit code 1 if any promise is broken.
    """
    from curio_tracking.cli.plugins.trial import try_out  # late: every start of the program loads this module

    chosen = choose_format(format_name)
    options = dict(map(_pair, option or ()))
    if options and name is None:
        raise SettingsError("--option is for one plugin; name it")
    states = _subjects(ctx, name)
    plugins_dir = forgiving_settings(ctx).plugins_dir
    trials = [(state, try_out(state, options, plugins_dir, timeout=timeout)) for state in states]
    print_rows((row for state, trial in trials for row in _rows(state, trial)), LAYOUT, chosen)
    if is_for_people(chosen):
        _explain(trials)
    missing = sorted({module for _state, trial in trials for module in trial.missing})
    if missing:
        note(f'error: the suites need {" and ".join(missing)}; run: pip install "curio-tracking[testing]"')
    if missing or any(verdict.broken for _state, trial in trials for verdict in trial.verdicts.values()):
        raise typer.Exit(FAILURE)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise SettingsError(f'--option "{text}" is no KEY=VALUE')
    return key, value


def _subjects(ctx: typer.Context, name: str | None) -> Sequence[PluginState]:
    """Return what is to be checked: what was named, even if it is disabled or ours, else everything in use."""
    states = all_plugins(ctx)
    if name is not None:
        found = named(states, name)
        return [state for state in found if not state.is_built_in] or found
    return [state for state in states if not state.is_built_in and state.state is not State.DISABLED]


def _explain(trials: Sequence[tuple[PluginState, Trial]]) -> None:
    """Say which promises are broken, and why something was not checked."""
    if not trials:
        note("no plugins but the built-in ones")
    for state, trial in trials:
        for verdict in trial.verdicts.values():
            for promise, reason in verdict.broken:
                note(f'{state.name}: {verdict.kind} "{verdict.part}": broken: {promise}: {reason}')
            if verdict.is_idle:
                note(f'{state.name}: {verdict.kind} "{verdict.part}" is not needed with these options; see --option')


def _rows(state: PluginState, trial: Trial) -> list[dict[str, Any]]:
    return [_row(state, verdict) for verdict in trial.verdicts.values()]


def _row(state: PluginState, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": state.name,
        "distribution": state.distribution,
        "version": state.version,
        "kind": verdict.kind,
        "part": verdict.part,
        "state": verdict.state,
        "kept": verdict.kept,
        "broken": [{"promise": promise, "reason": reason} for promise, reason in verdict.broken],
        "load_ms": verdict.load_ms,
        "latency_us": verdict.latency_us,
        "latency_per": verdict.latency_per,
    }


def _style(state: Any) -> str:
    return STATE_STYLES.get(str(state), "")


def _number_of(found: Any) -> str:
    return str(len(found))


def _time(microseconds: Any) -> str:
    return units.duration(None if microseconds is None else microseconds / 1e6)


LAYOUT: Final = Layout(
    (
        *("name", "distribution", "version", "kind", "part", "state"),
        *("kept", "broken", "load_ms", "latency_us", "latency_per"),
    ),
    (
        Column("name", "Plugin", style=lambda _: "bold"),
        Column("distribution", "Distribution", rank=6),
        Column("version", "Version", rank=6),
        Column("kind", "Kind"),
        Column("part", "Part", is_long=True),
        Column("state", "State", style=_style),
        Column("kept", "Kept", is_number=True, rank=2),
        Column("broken", "Broken", _number_of, is_number=True, rank=1),
        Column("load_ms", "Load (ms)", lambda value: "-" if value is None else f"{value:.1f}", is_number=True, rank=5),
        Column("latency_us", "Latency", _time, is_number=True, rank=3),
        Column("latency_per", "Per", units.text, rank=4),
    ),
)
