"""plugins: what is installed and whether it works, and the way to get, write and lose plugins.

For broken setups too: no plugin but our own is imported by this process unless `list` is asked to.
"""

from typing import Final

import typer

from curio_tracking.cli.groups import Commands, add_group
from curio_tracking.cli.plugins.checking import check
from curio_tracking.cli.plugins.installing import install, uninstall
from curio_tracking.cli.plugins.listing import list_plugins
from curio_tracking.cli.plugins.scaffolding import new
from curio_tracking.hookspecs import hookimpl

COMMANDS: Final[Commands] = {
    "list": (list_plugins, ("plugins list", "plugins list --all --hook backends", "plugins list --load")),
    "check": (check, ("plugins check", "plugins check my-store", "plugins check my-store --option url=test.db")),
    "new": (new, ("plugins new backend my-store", "plugins new filter curio-tracking-hide --into ~/code")),
    "install": (install, ("plugins install curio-tracking-sqlite", "plugins install --upgrade ./my-store")),
    "uninstall": (uninstall, ("plugins uninstall my-store", "plugins uninstall my-store --yes")),
}


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `plugins` and its commands."""
    add_group(app, "plugins", _plugins, COMMANDS)


def _plugins() -> None:
    """List, check, write, install and uninstall plugins."""
