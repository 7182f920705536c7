"""Listener: an HTTP server of the process's metrics, for applications that expose none themselves.

Only where an option names a port. Decides who has the port: trackers of a process share it, a forked process leaves it
to its parent, and in multi-process mode one process answers for all.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.multiprocess import MultiProcessCollector

from curio_tracking_prometheus import multiprocess
from curio_tracking_prometheus.server import MetricsServer

if TYPE_CHECKING:
    from collections.abc import Callable

_log: Final = logging.getLogger("curio_tracking")
RETRY_SECONDS: Final = 5.0
"""How often a process looks whether a port that another one had is free."""


class Listeners:
    """The servers of one process, each shared by the trackers that ask for the same address."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Args: what they show, unless the values of several processes are to be shown."""
        self._registry = registry
        self._open: dict[tuple[str, int], Listener] = {}

    def join(self, address: str, port: int) -> Listener:
        """Return the listener at an address; `leave` it when done."""
        listener = self._open.setdefault((address, port), Listener(address, port, self._app))
        listener.users += 1
        listener.open()
        return listener

    def leave(self, listener: Listener) -> None:
        """Close the listener, if nobody else uses it."""
        listener.users -= 1
        if listener.users == 0:
            self._open.pop((listener.address, listener.port), None)
            listener.close()

    def renew_after_fork(self) -> None:
        """Leave the parent's ports to the parent."""
        for listener in self._open.values():
            listener.renew_after_fork()

    def _app(self) -> Callable[..., Any]:
        if multiprocess.directory() is None:
            return make_wsgi_app(self._registry)
        everything = CollectorRegistry()
        MultiProcessCollector(everything)  # type: ignore[no-untyped-call] # registers itself
        return make_wsgi_app(everything)


class Listener:
    """One address, and the server there while it can be had.

    Attributes:
        users: how many trackers asked for it.
    """

    def __init__(self, address: str, port: int, app: Callable[[], Callable[..., Any]]) -> None:
        self.address = address
        self.port = port
        self.users = 0
        self._app = app
        self._server: MetricsServer | None = None
        self._retry_at = 0.0
        self._is_left_to_parent = False
        self._has_warned = False

    def open(self) -> None:
        """Listen, unless it does already; called again and again, it takes over a port that has become free."""
        if self._server is not None or self._is_left_to_parent or monotonic() < self._retry_at:
            return
        try:
            server = MetricsServer(self.address, self.port)
        except (OSError, UnicodeError) as error:  # UnicodeError: what no name of a host can be
            self._retry_at = monotonic() + RETRY_SECONDS
            self._warn(error)
            return
        server.set_app(self._app())
        server.start()
        self._server = server

    def close(self) -> None:
        """Stop listening."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def renew_after_fork(self) -> None:
        """Let go of the parent's socket: inherited, it would keep the port busy after the parent's end."""
        server, self._server = self._server, None
        if server is not None:
            server.socket.close()
            # the parent shows its own calls there; only in multi-process mode may any process answer for all
            self._is_left_to_parent = multiprocess.directory() is None

    def _warn(self, error: Exception) -> None:
        # in multi-process mode the process that has the port answers for this one, too
        if not self._has_warned and multiprocess.directory() is None:
            _log.warning(
                "prometheus: cannot listen on %s, port %d: %s; this process's metrics are counted but not served there."
                " Several processes need PROMETHEUS_MULTIPROC_DIR",
                self.address,
                self.port,
                getattr(error, "strerror", None) or error,
            )
        self._has_warned = True
