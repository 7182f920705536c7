"""plugins: what is installed, whether it works, and how to add, write and remove one.

These commands are for broken setups too: no plugin but our own is imported unless one of them is asked to.
"""

import typer

from curio_tracking.cli import examples
from curio_tracking.cli.plugins.listing import list_plugins
from curio_tracking.hookspecs import hookimpl


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `plugins` and its commands."""
    group = typer.Typer(name="plugins", help="See which plugins are installed, and add, check, write, remove them.")
    group.callback(no_args_is_help=True)(_plugins)
    group.command("list", epilog=examples("plugins list", "plugins list --all --hook backends", "plugins list --load"))(
        list_plugins
    )
    app.add_typer(group)


def _plugins() -> None:
    """See which plugins are installed, and add, check, write, remove them."""
