"""plugins: what is installed, and whether it works.

For broken setups too: no plugin but our own is imported unless the command is asked to.
"""

import typer

from curio_tracking.cli import examples
from curio_tracking.cli.plugins.listing import list_plugins
from curio_tracking.hookspecs import hookimpl


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `plugins` and its commands."""
    group = typer.Typer(name="plugins", help="See which plugins are installed and whether they work.")
    group.callback(no_args_is_help=True)(_plugins)
    group.command("list", epilog=examples("plugins list", "plugins list --all --hook backends", "plugins list --load"))(
        list_plugins
    )
    app.add_typer(group)


def _plugins() -> None:
    """See which plugins are installed and whether they work."""
