"""Plugins that are written by `plugins new` or by a test, installed as metadata on the path of a new interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from site_packages import describe, install_module


@dataclass
class Site:
    """What stands for the user's site-packages.

    Attributes:
        folder: where metadata and single modules lie.
        path: further folders with modules.
        variables: of the environment, for every command.
    """

    folder: Path
    work: Path
    path: list[Path] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    def install(self, name: str, source: str, group: str = "curio_tracking") -> None:
        """Install a distribution of one module."""
        install_module(self.folder, name, source, group)

    def install_tree(self, folder: Path) -> None:
        """Install the distribution in a folder, as `pip install -e` does."""
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        describe(self.folder, project["name"], project["entry-points"])
        self.path.append(folder / "src")

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join(map(str, [self.folder, *self.path]))
        return {**os.environ, "PYTHONPATH": path, **self.variables}

    def python(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the interpreter."""
        return subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=cwd or self.work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `curio-tracking plugins ...`."""
        return self.python("-P", "-m", "curio_tracking", "plugins", *words)

    def check(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        """Run `plugins check` and return its exit code and rows."""
        done = self.command("check", *words, "--format", "json")
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def site(tmp_path: Path, clean_environment: None, data_dir: Path) -> Site:
    """An empty site, an empty folder to work in, a store that is not there yet."""
    folder = tmp_path / "site"
    folder.mkdir()
    found = Site(folder, tmp_path / "work")
    found.variables["FEATURE_TRACKING_DATA_DIR"] = str(data_dir)
    return found
