"""The real dashboard in a process of its own, and answers as they come over the socket."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 180
"""Seconds after which a test gives up; nothing depends on how long things really take."""


@dataclass(frozen=True)
class Reply:
    """What came back over a connection until the server closed it.

    Attributes:
        raw: every byte. status: 0 if nothing came.
    """

    raw: bytes

    @property
    def status(self) -> int:
        return int(self.raw[9:12] or 0)

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    def header(self, name: str) -> str:
        """Return the value of a header that is there once."""
        (value,) = [value for key, value in self.headers if key == name]
        return value


class Dashboard:
    """`curio-tracking dashboard` on a free port.

    Attributes:
        process: it. url: what it announced. port: of the url. log: the file to which its output goes.
    """

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.log = folder / "output"
        environment = {"PATH": os.defpath, "HOME": str(folder), "PYTHONUTF8": "1", **variables}
        command = [sys.executable, "-m", "curio_tracking", "--backend", "csv", "--data-dir", str(folder / "data")]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "dashboard", "--port", "0", *arguments], env=environment, stdout=output, stderr=output
            )
        self.url = self._announced()
        self.port = int(self.url.rsplit(":", 1)[1].strip("/"))

    def _announced(self) -> str:
        while True:
            found = re.search(rb"dashboard on (http://\S+)", self.log.read_bytes())
            if found:
                return found[1].decode()
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(self.log.read_text())

    def connect(self) -> socket.socket:
        """Return a connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def send(self, request: bytes) -> Reply:
        """Send bytes as they are."""
        with self.connect() as connection:
            with contextlib.suppress(ConnectionError):  # it may have its answer before all of it was sent
                connection.sendall(request)
            return read_reply(connection)

    def ask(self, target: str = "/", *headers: str, method: str = "GET", host: str | None = None) -> Reply:
        """Send a request with these header lines; with the right Host unless another is given."""
        host = f"127.0.0.1:{self.port}" if host is None else host
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers, "", ""]
        return self.send("\r\n".join(lines).encode("utf-8", "surrogateescape"))

    def end(self) -> None:
        """Stop it."""
        self.process.kill()
        self.process.wait()


def read_reply(connection: socket.socket) -> Reply:
    """Return all that still comes on a connection."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass  # the server did not read all that was sent
    return Reply(b"".join(parts))
