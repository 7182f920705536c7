"""For the tests of the specification: an application of its own process, and what it leaves in the store.

Everything goes the public way: a script that imports `curio_tracking`, variables, the default backend, the program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from curio_tracking import FeatureTracker


@dataclass(frozen=True)
class Outcome:
    """How a process ended."""

    code: int
    out: str
    err: str


class World:
    """A machine on which applications run and questions are asked, with one data directory.

    Attributes:
        data_dir: where the applications keep their records.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self._home = folder / "own-home"
        self._home.mkdir()

    def run(self, code: str, *, exit_code: int = 0, **variables: str) -> Outcome:
        """Run an application: a script, with `FEATURE_TRACKING_` variables by their short names."""
        script = self.folder / "application.py"
        script.write_text(code, "utf-8")
        done = self._start([str(script)], variables)
        assert done.code == exit_code, done.err
        return done

    def command(self, *arguments: str, **variables: str) -> Outcome:
        """Run the program `curio-tracking`."""
        return self._start(["-m", "curio_tracking", *arguments], variables)

    def json(self, *arguments: str) -> Any:
        """Return what the program prints as JSON."""
        done = self.command(*arguments, "--format", "json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    def records(self) -> list[dict[str, Any]]:
        """Return all records, oldest first."""
        tracker = FeatureTracker(data_dir=self.data_dir)
        found = tracker.records(limit=0)
        tracker.close()
        return [record.as_dict() for record in reversed(found)]

    def contents(self) -> bytes:
        """Return everything that stands in the data directory: names and contents of all files."""
        files = [path for path in self.data_dir.rglob("*") if path.is_file()]
        return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in files)

    def _start(self, arguments: list[str], variables: dict[str, str]) -> Outcome:
        environment = {
            "PATH": os.defpath,
            "HOME": str(self._home),
            "PYTHONUTF8": "1",
            "FEATURE_TRACKING_DATA_DIR": str(self.data_dir),
            # where many programs start at once, importing what the writer needs may take longer than the default
            "FEATURE_TRACKING_EXIT_TIMEOUT": "60",
            **{f"FEATURE_TRACKING_{name}": value for name, value in variables.items()},
        }
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, cwd=self._home, capture_output=True, text=True, timeout=180
        )
        return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return an empty world."""
    return World(tmp_path)


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world in which the module's APPLICATION ran, with its VARIABLES; for tests that only ask."""
    world = World(tmp_path_factory.mktemp("told"))
    world.run(request.module.APPLICATION, **getattr(request.module, "VARIABLES", {}))
    return world
