"""privacy: whether anything private is stored, and what the filters do to a record before it is."""

from collections.abc import Callable
from typing import Final

import typer

from curio_tracking.cli import examples
from curio_tracking.cli.privacy.previewing import preview
from curio_tracking.cli.privacy.scanning import scan
from curio_tracking.hookspecs import hookimpl

COMMANDS: Final[dict[str, tuple[Callable[..., None], tuple[str, ...]]]] = {
    "preview": (
        preview,
        ("privacy preview --sample", "privacy preview my_feature --limit 1", "privacy preview --format json"),
    ),
    "scan": (scan, ("privacy scan", "privacy scan --strict --canary-file canaries.txt", "privacy scan --format json")),
}


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `privacy` and its commands."""
    group = typer.Typer(name="privacy", help=_privacy.__doc__)
    group.callback(no_args_is_help=True)(_privacy)
    for name, (command, lines) in COMMANDS.items():
        group.command(name, epilog=examples(*lines))(command)
    app.add_typer(group)


def _privacy() -> None:
    """Search the store for private texts, and show what the filters do."""
