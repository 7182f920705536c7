"""Running the dashboard: from settings to a listening server, and to its end.

Called by the CLI's `dashboard` command. Whatever keeps it from starting is a `CurioError` before anything is shown.
"""

from __future__ import annotations

import errno
import socket
import webbrowser
from threading import Thread
from typing import TYPE_CHECKING, Any

from curio_tracking.dashboard.app import make_app
from curio_tracking.dashboard.connections import DashboardServer
from curio_tracking.dashboard.hosts import address_of, origin
from curio_tracking.dashboard.shared_reader import shared
from curio_tracking.dashboard.tokens import check_token
from curio_tracking.errors import SettingsError
from curio_tracking.runtime import open_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking.plugins import PluginHost
    from curio_tracking.settings import Settings

_POLL_SECONDS = 0.25


def serve(
    settings: Settings,
    plugin_host: PluginHost,
    *,
    host: str,
    port: int,
    token: str | None,
    open_browser: bool,
    announce: Callable[[str], None],
) -> None:
    """Serve the dashboard until interrupted.

    Args:
        settings: say which store to show.
        plugin_host: has loaded the groups of backends and of surfaces.
        host: the name or address to listen on.
        port: the port; 0 takes a free one.
        token: what visitors must show; required, with at least 16 characters, unless `host` is a loopback address.
        open_browser: show it in the user's browser.
        announce: gets the address once the server listens, without the token.

    Raises:
        SettingsError: the address cannot be bound to, or needs a (longer) token. UnknownNameError: no such backend.
        KeyboardInterrupt: Ctrl-C; everything is closed by then.
    """
    with bind(host, port, token) as server:
        reader = shared(open_reader(settings, plugin_host))
        try:
            app = make_app(reader, plugin_host.pages(), host=host, port=server.server_port, token=token or None)
            server.set_app(app)
            url = shown_url(host, server.server_port)
            announce(url)
            if open_browser:
                # apart: a browser of the terminal returns only when it is left
                Thread(target=webbrowser.open, args=(url,), daemon=True).start()
            server.serve_forever(_POLL_SECONDS)
        finally:
            reader.close()


def bind(host: str, port: int, token: str | None) -> DashboardServer:
    """Return a server that listens at the address, with no application yet.

    Raises:
        SettingsError: see `serve`.
    """
    if not 0 <= port <= 65_535:
        raise SettingsError(f"there is no port {port}; choose one from 1 to 65535, or 0 for any that is free")
    family, address = _resolve(host, port)
    check_token(token, str(address[0]))
    try:
        return DashboardServer(family, address)
    except OSError as error:
        raise SettingsError(_bind_problem(error, host, port)) from error


def shown_url(host: str, port: int) -> str:
    """Return the address to open; a server on every interface is reached on this machine's own."""
    address = address_of(host)
    if address is not None and address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return origin(host, port) + "/"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        found = []
    if not host or not found:
        raise SettingsError(f'cannot find the address of the host "{host}"; 127.0.0.1 is this machine')
    # IPv4 first: browsers try both for a name such as localhost, other programs often do not
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def _bind_problem(error: OSError, host: str, port: int) -> str:
    where = f"{host}, port {port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}: in use by another program; end that one or choose another port (0 takes a free one)"
    if error.errno == errno.EACCES:
        return f"{where}: not allowed for this user; choose a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where}: not an address of this machine; 127.0.0.1 always is"
    return f"{where}: cannot listen there: {error.strerror or error}; choose another address or port"
