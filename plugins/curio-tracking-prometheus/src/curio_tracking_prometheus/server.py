"""Server: HTTP for the listener, in threads that can be ended at once: at the end of the program and before a fork.

One thread per request, none of which the host waits for; no lookup of names, no line of output. The answers are the
client library's.
"""

from __future__ import annotations

import io
import logging
import socket
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from socketserver import TCPServer, ThreadingMixIn
from sys import version_info
from threading import Thread, current_thread
from time import monotonic, sleep
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

_log: Final = logging.getLogger("curio_tracking")
_REQUEST_SECONDS: Final = 10.0
_LONGEST_STOP: Final = 0.5
"""Seconds to wait for the thread's end: the end of the program, or a fork, waits for it."""
_LONGEST_GOODBYE: Final = 0.1
"""Seconds for a request that was hung up on, and for the kernel to take away a thread that has ended."""
_LINGERS: Final = version_info < (3, 13)


class _Handler(WSGIRequestHandler):
    """Answers one request."""

    timeout = _REQUEST_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Print nothing."""

    def get_stderr(self) -> io.TextIOBase:
        """Return where the reason goes if metrics cannot be collected: not to the host's output."""
        return _DebugLog()


class _DebugLog(io.TextIOBase):
    def write(self, text: str) -> int:
        _log.debug("prometheus: %s", text.rstrip())
        return len(text)


class MetricsServer(ThreadingMixIn, WSGIServer):
    """Listens from the beginning; answers after `start`. Whoever comes in a pause waits in the kernel's queue."""

    daemon_threads = True
    # two processes on one port would be asked in turns, and their counters seem to jump
    allow_reuse_port = False
    # for `handle_request`, which is called when somebody is there
    timeout = 0

    def __init__(self, address: str, port: int) -> None:
        """Bind and listen.

        Raises:
            OSError: the address cannot be bound to. UnicodeError: it cannot be the name of a host.
        """
        family, _, _, _, found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        self.address_family = family
        self._thread: Thread | None = None
        self._requests: dict[Thread, socket.socket] = {}
        self._is_pausing = False
        super().__init__(found, _Handler)  # type: ignore[arg-type] # the family's own form of an address
        self._bell, self._rope = socket.socketpair()

    def server_bind(self) -> None:
        """Bind without looking the host's name up: that would ask the network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def start(self) -> None:
        """Answer requests, unless it does already, in a thread that keeps no program from ending."""
        if self._thread is not None:
            return
        self._is_pausing = False
        thread = Thread(target=self._answer, name="curio-tracking-prometheus", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # no thread can be had now; whoever is to answer calls again
        self._thread = thread

    def pause(self) -> None:
        """End all threads: requests that take long are hung up on."""
        self._end_thread()
        until = monotonic() + _LONGEST_STOP
        for thread, request in list(self._requests.items()):
            _wait(thread, until)
            if thread.is_alive():
                _hang_up(request)
                _wait(thread, monotonic() + _LONGEST_GOODBYE)
        self._requests.clear()

    def stop(self) -> None:
        """End the thread and give the port up."""
        self._end_thread()
        self.server_close()
        self.let_go()

    def let_go(self) -> None:
        """Close what a forked process has inherited; the process that listens goes on."""
        for inherited in (self.socket, self._bell, self._rope):
            inherited.close()

    def _end_thread(self) -> None:
        self._is_pausing = True
        thread, self._thread = self._thread, None
        if thread is not None:
            self._rope.send(b".")
            _wait(thread, monotonic() + _LONGEST_STOP)

    def _answer(self) -> None:
        with DefaultSelector() as selector:
            selector.register(self.socket, EVENT_READ)
            selector.register(self._bell, EVENT_READ)
            while not self._is_pausing:
                selector.select()
                if not self._is_pausing:
                    self.handle_request()
        self._bell.recv(1)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread that `pause` knows."""
        thread = Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._requests = {known: its for known, its in self._requests.items() if known.is_alive()}
        self._requests[thread] = request
        thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's names
        """Keep quiet: a client that goes away is no fault, and the host's output is not ours."""
        _log.debug("prometheus: a request could not be answered", exc_info=True)


def _wait(thread: Thread, until: float) -> None:
    """Wait for a thread's end; not for this very one, from which a collector of the host may fork."""
    if thread is current_thread() or thread.ident is None:
        return
    thread.join(max(0.0, until - monotonic()))
    # before Python 3.13 `join` returns a moment before the kernel's thread is gone, and 3.12 warns of it at a fork
    until = monotonic() + _LONGEST_GOODBYE
    while _LINGERS and not thread.is_alive() and monotonic() < until:
        if not Path(f"/proc/self/task/{thread.native_id}").exists():
            break
        sleep(0.000_1)


def _hang_up(request: socket.socket) -> None:
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the client has, or the answer is out
