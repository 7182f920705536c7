"""App: the command line program: root options, and the commands that plugins bring.

Every command, the built-in ones too, comes from an entry point of the group `curio_tracking.surfaces`. Commands that
help to repair a setup are found without loading anybody else's code. `failures` decides how a command ends.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from curio_tracking.cli.failures import end_of, flush_stdout
from curio_tracking.cli.options import PROGRAM, examples
from curio_tracking.cli.output import note
from curio_tracking.cli.session import Invocation, invocation
from curio_tracking.errors import UnknownNameError
from curio_tracking.hookspecs import SURFACES_GROUP
from curio_tracking.plugins import PluginHost
from curio_tracking.plugins.deferred import ADVICE, is_deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

RECOVERY: Final = ("config", "plugins")
"""Commands for a broken setup: found whatever is disabled, and without importing any other plugin."""
COMPLETION_VARIABLE: Final = "_CURIO_TRACKING_COMPLETE"
"""Set by a shell that asks for completions."""
EPILOG: Final = examples(
    "list-features --limit 10",
    "feature-stats my_feature --category ai_provider",
    "list-records --category ai_provider --since 7d --format json",
    "--data-dir ./data dashboard --open",
)


class CommandGroup(TyperGroup):
    """The root: gets its commands from plugins when one is looked up or all are listed."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of that name, or None."""
        if cmd_name in RECOVERY:
            host = PluginHost((SURFACES_GROUP,), admits=lambda state: state.is_built_in and state.name in RECOVERY)
            return _commands_of(host).get(cmd_name)
        self._load(ctx)
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in alphabetical order."""
        self._load(ctx)
        return sorted({*self.commands, *RECOVERY})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the arguments begin with.

        Raises:
            UnknownNameError: settings keep the plugin that brings it out; that is no misspelling.
        """
        # a shell that asks for completions wants no messages
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            for state in invocation(ctx).plugin_host().disabled_with_command(args[0]):
                raise UnknownNameError(f"no such command '{args[0]}': {state.label}, which has it, {state.ruling}")
        return super().resolve_command(ctx, args)

    def _load(self, ctx: Any) -> None:
        if not self.commands:
            self.commands.update(_commands_of(invocation(ctx).plugin_host()))


def _commands_of(host: PluginHost) -> dict[str, Any]:
    """Return the commands that plugins register, by name.

    Each is built apart, so that one that typer cannot read takes no other along; ours cannot be replaced.
    """
    app = new_app()
    host.add_commands(app)
    commands: dict[str, Any] = {}
    for registered in sorted([*app.registered_commands, *app.registered_groups], key=_is_foreign):
        single = new_app()
        (single.registered_groups if registered in app.registered_groups else single.registered_commands).append(
            registered  # type: ignore[arg-type]
        )
        try:
            _refuse_deferred(registered)
            found = typer.main.get_group(single).commands
        except Exception as error:
            note(f"warning: a command of {_origin(registered)} cannot be used: {type(error).__name__}: {error}")
            continue
        for name in found.keys() & commands.keys():
            note(f'warning: {_origin(registered)} brings another command "{name}", which is not used; rename it')
        commands = {**found, **commands}
    return commands


def _refuse_deferred(registered: Any) -> None:
    """Look for a function of which a call would run nothing, so that the command ends with 0 and has done nothing.

    Raises:
        TypeError: there is one.
    """
    instance = getattr(registered, "typer_instance", None)
    for below in [*instance.registered_commands, *instance.registered_groups] if instance else ():
        _refuse_deferred(below)
    if is_deferred(registered.callback):
        raise TypeError(f"{registered.callback.__name__} {ADVICE}")


def _is_foreign(registered: Any) -> bool:
    return not _module_of(registered).startswith("curio_tracking.cli.")


def _origin(registered: Any) -> str:
    module = _module_of(registered)
    return f'the plugin in module "{module}"' if module else "a plugin"


def _module_of(registered: Any) -> str:
    instance = getattr(registered, "typer_instance", None)
    first = instance.registered_commands[0] if instance and instance.registered_commands else registered
    return str(getattr(first.callback, "__module__", ""))


def new_app(**details: Any) -> typer.Typer:
    """Return a typer app with plain help: good in a pipe and for a screen reader, and `[x]` in a help text survives."""
    return typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, **details)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {version('curio-tracking')}")
        raise typer.Exit


def _keep_traceback(ctx: typer.Context, wanted: bool) -> None:
    invocation(ctx).has_traceback = wanted


def build_app() -> typer.Typer:
    """Return the program with its root options; commands come when they are looked up."""
    app = new_app(cls=CommandGroup, name=PROGRAM, no_args_is_help=True, epilog=EPILOG)
    app.callback()(_root)
    return app


def _root(
    backend: Annotated[
        str | None, typer.Option("--backend", metavar="NAME", help="Read this backend: tinyflux, csv or a plugin's.")
    ] = None,
    data_dir: Annotated[
        str | None, typer.Option("--data-dir", metavar="DIR", help="Read the records in this directory.")
    ] = None,
    traceback: Annotated[
        bool,
        typer.Option("--traceback", callback=_keep_traceback, help="Show the traceback of an error, for a bug report."),
    ] = False,
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Which features of your program are used, by how many, how fast and how reliably.

    Reads the records on this machine. Settings come from options, variables (FEATURE_TRACKING_...) and files;
    "curio-tracking config" shows them all.
    """


class _StderrHandler(logging.Handler):
    """Shows the library's warnings as remarks on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the message, and the traceback that was logged with it."""
        note(f"{record.levelname.lower()}: {self.format(record)}")


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; what was printed has reached stdout."""
    started = Invocation()
    command = typer.main.get_command(build_app())
    if COMPLETION_VARIABLE in os.environ:
        command.main(list(arguments), prog_name=PROGRAM, obj=started)
    try:
        # not command.main(): it turns a closed pipe into exit code 1 and words usage errors in its own way
        with command.make_context(PROGRAM, list(arguments), obj=started) as context:
            command.invoke(context)
        flush_stdout()
    except SystemExit:
        raise
    except BaseException as error:
        return end_of(error, has_traceback=started.has_traceback)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program: the console script `curio-tracking`, also `python -m curio_tracking`.

    Args:
        arguments: the command line without the program's name; by default that of the process.

    Returns:
        The exit code: 0, 1 failure, 2 usage or settings, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name must not break a terminal of another encoding
    log = logging.getLogger("curio_tracking")
    handler = _StderrHandler(logging.WARNING)
    log.addHandler(handler)
    try:
        return run(sys.argv[1:] if arguments is None else arguments)
    finally:
        log.removeHandler(handler)
