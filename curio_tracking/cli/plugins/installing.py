"""plugins install, plugins uninstall: pip or uv for this interpreter, and which plugins came or went with it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from curio_tracking.cli import is_terminal, note, visible
from curio_tracking.cli.options import PROGRAM
from curio_tracking.cli.plugins.finding import all_plugins, named
from curio_tracking.cli.session import forgiving_settings
from curio_tracking.errors import InstallerError, PluginError
from curio_tracking.plugins import PluginState, normal_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STDERR: Final = 2
"""Where the installer's own output goes: it is no data."""


def install(
    ctx: typer.Context,
    requirements: Annotated[
        list[str],
        typer.Argument(metavar="REQUIREMENT...", help="What pip takes: a name, name==1.2, a wheel, a folder."),
    ],
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Take the newest version if it is installed.")] = False,
) -> None:
    """Install plugins from distributions, beside curio-tracking.

    Runs pip, or uv where there is no pip, for the interpreter that runs this command, and says how. Variables such as
    PIP_INDEX_URL count. A plugin is code that runs in your programs: install what you trust.
    """
    before = {(state.group, state.name, state.distribution, state.version) for state in all_plugins(ctx)}
    _run_installer("install", requirements, ["--upgrade"] if upgrade else [])
    found = [row for row in _installed_now() if row["distribution"]]
    new = [row for row in found if (row["group"], row["name"], row["distribution"], row["version"]) not in before]
    for row in new:
        typer.echo(f"installed: {_described(row)}")
    if new:
        note(f"try it: {PROGRAM} plugins check {new[0]['name']}")
    else:
        note("no plugin came with it that was not there before")


def uninstall(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The plugin's name, or its distribution's.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Uninstall the distribution that a plugin came with; what was recorded stays.

    Works for plugins that cannot be imported. Runs pip, or uv where there is no pip, and says how.
    """
    states = all_plugins(ctx)
    distribution = _removable(named(states, name), name)
    going = [state for state in states if state.distribution == distribution]
    _ask(distribution, going, yes=yes)
    _run_installer("uninstall", [distribution])
    _refuse_remaining(distribution)
    for state in going:
        typer.echo(f"uninstalled: {visible(state.label)}")
    backend = forgiving_settings(ctx).backend
    if normal_name(backend) in {normal_name(state.name) for state in going}:
        note(f'the settings still name the backend "{backend}"; {PROGRAM} config shows where')


def _removable(found: list[PluginState], name: str) -> str:
    """Return the distribution to remove.

    Raises:
        PluginError: the plugin is one of ours, or a file, or several distributions have one of that name.
    """
    foreign = sorted({state.distribution or "" for state in found if not state.is_built_in})
    if not foreign:
        raise PluginError(
            f'the plugin "{name}" comes with curio-tracking; '
            f'to do without it set FEATURE_TRACKING_PLUGINS_DISABLED="{found[0].name}"'
        )
    if "" in foreign:
        location = next(state.location for state in found if not state.distribution)
        raise PluginError(f'the plugin "{name}" is a single file; remove {location}')
    if len(foreign) > 1:
        raise PluginError(f'several distributions have a plugin "{name}"; name one of them: {", ".join(foreign)}')
    return foreign[0]


def _refuse_remaining(distribution: str) -> None:
    """Complain of a distribution that is still there: pip and uv leave those of other places alone, and end with 0.

    Raises:
        InstallerError: it is.
    """
    importlib.invalidate_caches()
    for left in importlib.metadata.distributions(name=distribution):
        raise InstallerError(
            f"{distribution} is still there, in {left.locate_file('')}, which the installer leaves alone; remove it "
            f"there with whatever has put it there"
        )


def _ask(distribution: str, going: list[PluginState], *, yes: bool) -> None:
    """Make sure that it is meant.

    Raises:
        PluginError: nobody is there to answer. typer.Abort: the answer is no.
    """
    if yes:
        return
    if not is_terminal(sys.stdin):
        raise PluginError(f'nobody is here to answer; "{PROGRAM} plugins uninstall {distribution} --yes" does not ask')
    for state in going:
        note(f"uninstalls {state.label}")
    typer.confirm(f"Uninstall {visible(distribution)}?", default=True, abort=True, err=True)


# -- the installer ----------------------------------------------------------------------------------------------------


def _run_installer(action: str, subjects: list[str], options: Sequence[str] = ()) -> None:
    # after "--" nothing is read as an option of the installer's
    command = [*_installer(action), *options, "--", *subjects]
    note(f"running: {shlex.join(command)}")
    # without a standard error, descriptor 2 is nothing, or a file that something has opened since
    out, err = (STDERR, None) if sys.stderr is not None else (subprocess.DEVNULL, subprocess.DEVNULL)
    with _held_interrupts() as held:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)  # noqa: S603
    with process:
        try:
            if held:
                signal.raise_signal(signal.SIGINT)
            code = process.wait()
        except KeyboardInterrupt:
            # the terminal has interrupted it, too; killed, as `subprocess.run` does, it could put nothing back
            process.wait()
            note(f'interrupted; "{PROGRAM} plugins list" shows what is installed now')
            raise
    if code:
        raise InstallerError(f"the {action} ended with exit code {code}; what is wrong stands above")


@contextmanager
def _held_interrupts() -> Iterator[list[int]]:
    """Give the list of what would have interrupted the block: a process that is being started must not be lost."""
    held: list[int] = []
    # where Ctrl-C is ignored, what is started ignores it as well
    if current_thread() is not main_thread() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield held
        return
    signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _installer(action: str) -> list[str]:
    """Return what installs for this interpreter.

    Raises:
        InstallerError: there is neither pip nor uv.
    """
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", action, *(["--yes"] if action == "uninstall" else [])]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", action, "--python", sys.executable]
    raise InstallerError(
        f"there is neither pip nor uv for {sys.executable}; run it with whatever has installed curio-tracking, "
        f'or "{sys.executable} -m ensurepip" first'
    )


def _installed_now() -> list[dict[str, Any]]:
    """Return the plugins as a new process finds them: this one has read its path and its metadata before."""
    command = [sys.executable, "-P", "-m", "curio_tracking", "plugins", "list", "--format", "json"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603
    rows: list[dict[str, Any]] = json.loads(done.stdout) if done.returncode == 0 else []
    return rows


def _described(row: dict[str, Any]) -> str:
    kinds = ", ".join(row["kind"]) or row["state"]
    return visible(f'plugin "{row["name"]}" ({row["distribution"]} {row["version"]}): {kinds}')
