"""dashboard: the web pages, served on this machine until interrupted."""

from typing import Annotated

import typer

from curio_tracking.cli import command_settings, examples, note, plugin_host
from curio_tracking.hookspecs import hookimpl


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `dashboard`."""
    app.command(
        "dashboard",
        epilog=examples("dashboard --open", "dashboard --port 9000", "--data-dir ./data dashboard"),
    )(dashboard)


def dashboard(
    ctx: typer.Context,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="ADDRESS", help="Listen on this address instead of 127.0.0.1."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="PORT", help="Listen on this port instead of 8081; 0 takes a free one."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="TOKEN",
            help="Ask visitors for this token. Others on this machine can read a command line: FEATURE_TRACKING_"
            "DASHBOARD_TOKEN keeps it from them.",
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Serve the dashboard until interrupted with Ctrl-C.

    Only this machine can reach it, unless --host says otherwise; any other address requires a token.
    """
    # late: bottle and the pages cost 90 ms, and every start of the program loads this module
    from curio_tracking.dashboard.server import serve

    settings = command_settings(ctx, dashboard_host=host, dashboard_port=port, dashboard_token=token)
    secret = settings.dashboard_token
    serve(
        settings,
        plugin_host(ctx),
        host=settings.dashboard_host,
        port=settings.dashboard_port,
        token=secret.get_secret_value() if secret else None,
        open_browser=open_browser,
        announce=lambda address: note(f"dashboard on {address} (Ctrl-C ends it)"),
    )
