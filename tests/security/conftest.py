"""For the tests of security: dashboards that really run, with a token and without."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dashboard_process import PATIENCE, Dashboard, Reply, read_reply

from curio_tracking.storage.csv import CsvBackend
from curio_tracking.testing import make_record

TOKEN = "only-for-those-who-know"


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


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, a dumb terminal that gets no colours, and no settings of the machine."""
    for name, value in {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "400", "LINES": "200"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(tmp_path / "data"))
    return tmp_path
