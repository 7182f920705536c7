"""Listener: an HTTP server of the process's metrics, for applications that expose none themselves.

Only where an option names a port. Decides who has the port: trackers of a process share it, a forked process leaves it
to its parent, and in multi-process mode one process answers for all.
"""

from __future__ import annotations

import logging
from sys import version_info
from threading import RLock, active_count
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
_LONGEST_FORK_DELAY: Final = 0.5
"""Seconds that a fork waits for a tracker which is opening or closing a port."""
_COUNTS_LATE: Final = (3, 13) <= version_info < (3, 13, 10) or (3, 14) <= version_info < (3, 14, 1)
"""Whether `os.fork` looks for threads, to warn of them, only when its hooks in the parent have run (gh-137109)."""


class Listeners:
    """The servers of one process, each shared by the trackers that ask for the same address."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Args: what they show, unless the values of several processes are to be shown."""
        self._registry = registry
        self._open: dict[tuple[str, int], Listener] = {}
        self._lock = RLock()  # a signal handler may fork while this very thread forks
        self._is_paused = False

    def join(self, address: str, port: int) -> Listener:
        """Return the listener at an address; `leave` it when done."""
        with self._lock:
            listener = self._open.setdefault((address, port), Listener(address, port, self._app))
            listener.users += 1
        self.open(listener)
        return listener

    def open(self, listener: Listener) -> None:
        """Let it listen, unless it does; call it again and again: it takes over a port that has become free."""
        with self._lock:
            if not self._is_paused:
                listener.open()

    def leave(self, listener: Listener) -> None:
        """Close the listener, if nobody else uses it."""
        with self._lock:
            listener.users -= 1
            if listener.users == 0:
                self._open.pop((listener.address, listener.port), None)
                listener.close()

    def pause(self) -> None:
        """End the threads before a fork: since Python 3.12 it prints a warning if there are any."""
        if not self._lock.acquire(timeout=_LONGEST_FORK_DELAY):
            return
        try:
            self._is_paused = True
            for listener in self._open.values():
                listener.pause()
        finally:
            self._lock.release()

    def resume(self) -> None:
        """Answer again after a fork; where that would make it warn nevertheless, from the next batch on."""
        self._is_paused = False
        if not _COUNTS_LATE or active_count() > 1:
            with self._lock:
                for listener in self._open.values():
                    listener.resume()

    def renew_after_fork(self) -> None:
        """Leave the parent's ports to the parent."""
        self._lock = RLock()
        self._is_paused = False
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
        """Listen and answer, unless it does already or the port cannot be had for now."""
        if self._server is None and not self._is_left_to_parent and monotonic() >= self._retry_at:
            self._server = self._bound()
        self.resume()

    def _bound(self) -> MetricsServer | None:
        try:
            server = MetricsServer(self.address, self.port)
        except (OSError, UnicodeError) as error:  # UnicodeError: what no name of a host can be
            self._retry_at = monotonic() + RETRY_SECONDS
            self._warn(error)
            return None
        server.set_app(self._app())
        return server

    def pause(self) -> None:
        """Answer nobody until `resume`, but keep the port."""
        if self._server is not None:
            self._server.pause()

    def resume(self) -> None:
        """Answer, if there is a port to answer at."""
        if self._server is not None:
            self._server.start()

    def close(self) -> None:
        """Stop listening."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def renew_after_fork(self) -> None:
        """Let go of the parent's socket: inherited, it would keep the port busy after the parent's end."""
        server, self._server = self._server, None
        if server is not None:
            server.let_go()
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
