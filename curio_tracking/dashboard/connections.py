"""The HTTP server: one thread per connection, none of which can hold up the others.

Standard library only. Reads a request's head within a deadline and a size, keeps the number of connections bounded,
and says nothing about itself. `gate` decides what is answered.
"""

from __future__ import annotations

import logging
import os
import socket
from http import HTTPStatus
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from sys import exc_info
from threading import Lock
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, Final, cast
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

from curio_tracking.dashboard.security_headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_log: Final = logging.getLogger("curio_tracking")

HEAD_SECONDS: Final = 10.0
"""Longest time that a client may take to send its request, or to take one piece of the answer."""
MOST_HEAD_BYTES: Final = 32_768
MOST_CONNECTIONS: Final = 64
TAKING_SECONDS: Final = 0.5
"""How long a client may take for its answer, once all places are taken and others wait."""
_DRAIN_SECONDS: Final = 1.0
_DRAIN_BYTES: Final = 1_000_000


class Connections:
    """The open connections. When there are too many, a client that keeps us waiting makes room.

    First the one that has been sending its request for the longest time, then the one that has been taking its answer
    for the longest time. A request that is being worked on is never given up.
    """

    def __init__(self, most: int) -> None:
        """Args: how many may be open at a time."""
        self._most = most
        self._lock = Lock()
        self._sending: dict[socket.socket, float] = {}
        self._worked_on: set[socket.socket] = set()
        self._taking: dict[socket.socket, float] = {}

    def admit(self, connection: socket.socket) -> bool:
        """Count the connection in; False if no place can be had."""
        with self._lock:
            taken = len(self._sending) + len(self._worked_on) + len(self._taking)
            if taken >= self._most and not (_drop_first(self._sending) or _drop_first(self._taking, TAKING_SECONDS)):
                return False
            self._sending[connection] = monotonic()
            return True

    def answering(self, connection: socket.socket) -> None:
        """Learn that the whole request is here."""
        with self._lock:
            if self._sending.pop(connection, None) is not None:
                self._worked_on.add(connection)

    def sending_back(self, connection: socket.socket) -> None:
        """Learn that the answer is ready: from now on we wait for the client again."""
        with self._lock:
            if connection in self._worked_on:
                self._worked_on.remove(connection)
                self._taking[connection] = monotonic()

    def leave(self, connection: socket.socket) -> None:
        """Count the connection out."""
        with self._lock:
            self._sending.pop(connection, None)
            self._worked_on.discard(connection)
            self._taking.pop(connection, None)


def _drop_first(waiting: dict[socket.socket, float], seconds: float = 0.0) -> bool:
    """Give up the connection that has waited for the longest time, if for at least so long."""
    for connection, since in waiting.items():
        if monotonic() - since < seconds:
            break
        del waiting[connection]
        _shut(connection, socket.SHUT_RDWR)  # its thread wakes up, and ends
        return True
    return False


class _Answerer(ServerHandler):
    """Runs the application for one request."""

    # not the process's environment, which wsgiref would hand to the application: tokens live there
    os_environ: dict[str, str] = {}  # noqa: RUF012 - the base class's attribute
    server_software = ""
    error_headers = [("Content-Type", "text/plain; charset=utf-8"), *SECURITY_HEADERS.items()]  # noqa: RUF012 - as above
    error_body = b"500 Internal Server Error\n"
    request_handler: RequestHandler

    def finish_response(self) -> None:
        """Send what the application has answered."""
        self.request_handler.server.connections.sending_back(self.request_handler.connection)
        super().finish_response()

    def log_exception(self, exc_info: Any) -> None:
        """Log what is our fault; a client that went away is not."""
        if not isinstance(exc_info[1], OSError):
            _log.error("the dashboard failed to answer", exc_info=exc_info)


class RequestHandler(WSGIRequestHandler):
    """Reads one request, has it answered, and closes the connection."""

    timeout = HEAD_SECONDS
    server: DashboardServer

    def handle(self) -> None:
        """Handle the connection's only request."""
        head = self._read_head()
        if head is None:
            return
        self.server.connections.answering(self.connection)
        self.connection.settimeout(self.timeout)
        self.rfile = BytesIO(head)
        self.raw_requestline = self.rfile.readline()
        if len(head) > MOST_HEAD_BYTES:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self.parse_request():
            output = cast("IO[bytes]", self.wfile)
            answerer = _Answerer(BytesIO(), output, self.get_stderr(), self.get_environ(), multithread=True)
            answerer.request_handler = self  # wsgiref's own way
            answerer.run(cast("WSGIApplication", self.server.get_app()))
        self._drain()

    def _read_head(self) -> bytes | None:
        """Return all up to the empty line, None if the client did not send it in time."""
        deadline = monotonic() + HEAD_SECONDS
        head = bytearray()
        while b"\n\r\n" not in head[-4096 - 3 :] and b"\n\n" not in head[-4096 - 3 :]:
            # the deadline is for the whole head: one byte now and then must not keep a thread for ever
            remaining = deadline - monotonic()
            if remaining <= 0:
                return None
            self.connection.settimeout(remaining)
            piece = self.connection.recv(4096)
            if not piece:
                return None
            head += piece
            if len(head) > MOST_HEAD_BYTES:
                break
        return bytes(head)

    def _drain(self) -> None:
        """Take what the client still sends: closing with unread data would reset the connection under the answer."""
        _shut(self.connection, socket.SHUT_WR)
        self.connection.settimeout(_DRAIN_SECONDS)
        deadline = monotonic() + _DRAIN_SECONDS
        taken = 0
        while taken < _DRAIN_BYTES and monotonic() < deadline:
            piece = self.connection.recv(65_536)
            if not piece:
                break
            taken += len(piece)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer a request that is not HTTP as we know it; nothing of it is repeated in the answer."""
        self.wfile.write(_plain_answer(HTTPStatus(code)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log no requests: their addresses may hold the token."""


class DashboardServer(ThreadingMixIn, WSGIServer):
    """Listens, and gives each connection a thread."""

    daemon_threads = True
    block_on_close = False
    # on Windows this option would let another program take the port over
    allow_reuse_address = os.name == "posix"
    allow_reuse_port = False
    request_queue_size = 128

    def __init__(self, family: socket.AddressFamily, address: tuple[Any, ...]) -> None:
        """Bind to the address and listen.

        Args:
            family: of the address.
            address: as `socket.getaddrinfo` returns it.

        Raises:
            OSError: the address cannot be bound to.
        """
        self.address_family = family
        self.connections = Connections(MOST_CONNECTIONS)
        super().__init__(address, RequestHandler)

    def server_bind(self) -> None:
        """Bind without looking the host's name up: that would ask the network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread, or turn it away at once when all are busy."""
        if self.connections.admit(request):
            super().process_request(request, client_address)
            return
        request.setblocking(False)
        request.send(_plain_answer(HTTPStatus.SERVICE_UNAVAILABLE))
        self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection and count it out."""
        self.connections.leave(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what is our fault; slow and vanished clients are not."""
        if not isinstance(exc_info()[1], OSError):
            _log.exception("the dashboard failed to answer")


def _plain_answer(status: HTTPStatus) -> bytes:
    body = f"{status.value} {status.phrase}\n"
    head = (
        f"HTTP/1.0 {status.value} {status.phrase}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in SECURITY_HEADERS.items()),
    )
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode("ascii")


def _shut(connection: socket.socket, how: int) -> None:
    try:
        connection.shutdown(how)
    except OSError:
        pass  # it is shut already
