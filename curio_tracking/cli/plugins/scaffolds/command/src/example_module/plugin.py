"""The entry point: adds the command `example-part` to the command line."""

import typer
from curio_tracking import hookimpl

from example_module.command import list_failing


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add the command."""
    app.command("example-part")(list_failing)
