"""privacy: whether anything private is stored, and what the filters do to a record before it is."""

from typing import Final

import typer

from curio_tracking.cli.groups import Commands, add_group
from curio_tracking.cli.privacy.previewing import preview
from curio_tracking.cli.privacy.scanning import scan
from curio_tracking.hookspecs import hookimpl

COMMANDS: Final[Commands] = {
    "preview": (
        preview,
        ("privacy preview --sample", "privacy preview my_feature --limit 1", "privacy preview --format json"),
    ),
    "scan": (scan, ("privacy scan", "privacy scan --strict --canary-file canaries.txt", "privacy scan --format json")),
}


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `privacy` and its commands."""
    add_group(app, "privacy", _privacy, COMMANDS)


def _privacy() -> None:
    """Search the store for private texts, and show what the filters do."""
