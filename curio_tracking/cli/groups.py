"""Groups: commands that stand below one name, as `plugins list` and `privacy scan` do. Knows no command."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import typer

from curio_tracking.cli.options import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Commands: TypeAlias = "Mapping[str, tuple[Callable[..., None], tuple[str, ...]]]"
"""By name: the command, and the lines of its examples."""


def add_group(app: typer.Typer, name: str, about: Callable[[], None], commands: Commands) -> None:
    """Add a group and its commands.

    Args:
        app: what the group is added to.
        name: of the group.
        about: does nothing; its docstring is the group's help.
        commands: in the order in which the help shows them.
    """
    group = typer.Typer(name=name, help=about.__doc__)
    group.callback(no_args_is_help=True)(about)
    for command_name, (command, lines) in commands.items():
        group.command(command_name, epilog=examples(*lines))(command)
    app.add_typer(group)
