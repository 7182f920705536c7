"""For the tests of security: the real dashboard in a process of its own, and answers as they come over the socket."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from curio_tracking.storage.csv import CsvBackend
from curio_tracking.testing import make_record

PATIENCE = 30
"""Seconds after which a test gives up; nothing depends on how long things really take."""
TOKEN = "only-for-those-who-know"


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


@pytest.fixture
def start_dashboard(tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    """Return what starts a dashboard over a store with one call of "translate"."""
    started: list[Dashboard] = []

    def start(*arguments: str, **variables: str) -> Dashboard:
        folder = tmp_path / f"dashboard{len(started)}"
        folder.mkdir()
        started.append(_dashboard(folder, *arguments, **variables))
        return started[-1]

    yield start
    for dashboard in started:
        dashboard.end()


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard that asks for no token."""
    made = _dashboard(tmp_path_factory.mktemp("dashboard"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard that asks for `TOKEN`."""
    made = _dashboard(tmp_path_factory.mktemp("guarded"), FEATURE_TRACKING_DASHBOARD_TOKEN=TOKEN)
    yield made
    made.end()


@pytest.fixture
def ask() -> Callable[[int], Reply]:
    """Return what asks a server of this process, by its port, for its front page."""

    def ask(port: int) -> Reply:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            return read_reply(connection)

    return ask


@pytest.fixture
def token() -> str:
    """What `guarded` asks for."""
    return TOKEN


def _dashboard(folder: Path, *arguments: str, **variables: str) -> Dashboard:
    store = CsvBackend(folder / "data")
    store.append([make_record(1, feature_name="translate")])
    store.close()
    return Dashboard(folder, *arguments, **variables)
