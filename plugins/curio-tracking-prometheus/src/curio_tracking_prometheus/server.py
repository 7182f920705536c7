"""Server: HTTP for the listener, in a thread that can be ended at once.

One thread per request, none of which the host waits for; no lookup of names, no line of output. The answers are the
client library's.
"""

from __future__ import annotations

import logging
import socket
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

_log: Final = logging.getLogger("curio_tracking")
_REQUEST_SECONDS: Final = 10.0
_LONGEST_STOP: Final = 1.0
"""Seconds to wait for the thread's end: the program's end waits for it."""


class _Handler(WSGIRequestHandler):
    """Answers one request."""

    timeout = _REQUEST_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Print nothing."""


class MetricsServer(ThreadingMixIn, WSGIServer):
    """Listens from the beginning; answers between `start` and `stop`."""

    daemon_threads = True
    block_on_close = False
    # two processes on one port would be asked in turns, and their counters seem to jump
    allow_reuse_port = False
    # where `stop` cannot knock, its thread ends with this delay
    timeout = _LONGEST_STOP / 2

    def __init__(self, address: str, port: int) -> None:
        """Bind and listen.

        Raises:
            OSError: the address cannot be bound to. UnicodeError: it cannot be the name of a host.
        """
        family, _, _, _, found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        self.address_family = family
        self._thread: Thread | None = None
        self._is_stopping = False
        super().__init__(found, _Handler)  # type: ignore[arg-type] # the family's own form of an address

    def server_bind(self) -> None:
        """Bind without looking the host's name up: that would ask the network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def start(self) -> None:
        """Answer requests, in a thread that keeps no program from ending."""
        self._thread = Thread(target=self._answer, name="curio-tracking-prometheus", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and give the port up."""
        self._is_stopping = True
        self._knock()
        if self._thread is not None:
            self._thread.join(_LONGEST_STOP)
        self.server_close()

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - the base class's names
        """Take no request at the end: `_knock` is none."""
        return not self._is_stopping

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Keep quiet: a client that goes away is no fault, and the host's output is not ours."""
        _log.debug("prometheus: a request could not be answered", exc_info=True)

    def _answer(self) -> None:
        while not self._is_stopping:
            self.handle_request()

    def _knock(self) -> None:
        """Wake the thread up: it waits for somebody to come."""
        try:
            socket.create_connection((self.server_name, self.server_port), _LONGEST_STOP).close()
        except OSError:
            pass  # it wakes up by itself, later
