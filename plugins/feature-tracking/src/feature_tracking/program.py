"""How the programs of this package run: arguments in, exit code out, one message for what goes wrong.

The same ends as `curio-tracking`: 0, 1 failure, 2 usage or settings, 130 interrupted; a closed pipe is no error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from curio_tracking.cli.failures import end_of, flush_stdout

if TYPE_CHECKING:
    from collections.abc import Sequence


def new_program() -> typer.Typer:
    """Return a typer app with plain help, for one command."""
    return typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


def run_program(app: typer.Typer, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Args:
        app: the program.
        name: what its help calls it.
        arguments: the command line without the program's name; by default that of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name must not break a terminal of another encoding
    command = typer.main.get_command(app)
    try:
        with command.make_context(name, list(sys.argv[1:] if arguments is None else arguments)) as context:
            command.invoke(context)
        flush_stdout()
    except SystemExit:
        raise
    except BaseException as error:
        return end_of(error, has_traceback=not isinstance(error, OSError))
    return 0
