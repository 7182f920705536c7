"""What every test gets: an empty home, no settings of this machine, a store of its own, and ways to run programs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from curio_tracking_sqlite.backend import SqliteBackend

# a busy machine is no failure
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

# the program and the questions that every backend is compared by are kept with the tests of the built-in ones
sys.path.insert(0, str(Path(__file__).parents[3] / "tests" / "helpers"))

TIMEOUT_SECONDS = 600


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FEATURE_TRACKING_") or name in ("DO_NOT_TRACK", "NO_COLOR", "FORCE_COLOR", "PYTHONPATH"):
            monkeypatch.delenv(name)
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "share"))
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(tmp_path / "data"))
    # a busy machine may need longer even to load the writer
    monkeypatch.setenv("FEATURE_TRACKING_EXIT_TIMEOUT", "60")
    monkeypatch.setenv("FEATURE_TRACKING_SQLITE__BUSY_SECONDS", "60")  # whoever holds the lock may be held up
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "sqlite")
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the database file, which does not exist yet."""
    return tmp_path / "data" / "records.sqlite"


@pytest.fixture
def make_backend(path: Path) -> Iterator[Callable[..., SqliteBackend]]:
    """Return what makes backends on one store; they are closed at the end."""
    made: list[SqliteBackend] = []

    def make(**options: Any) -> SqliteBackend:
        backend = SqliteBackend(path, **options)
        made.append(backend)
        return backend

    yield make
    for backend in made:
        backend.close()


@pytest.fixture
def backend(make_backend: Callable[..., SqliteBackend]) -> SqliteBackend:
    return make_backend()


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python with arguments and return what it printed."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    return run


@pytest.fixture
def start_python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python beside the test, with pipes; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()
