"""A plugin that prints when it is imported, as `broken_commands` needs one: where the program runs, not in a test."""

import sys

import typer

from curio_tracking import hookimpl

if sys.modules["__main__"].__package__ == "curio_tracking":
    print("loaded")


def is_loud() -> None:
    """Show nothing."""


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    app.command("is-loud")(is_loud)
