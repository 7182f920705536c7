"""Runs of pytest in processes and environments of their own, as an application's developer would start them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "testing" / "examples"
SECONDS = 300


@dataclass
class Finished:
    """A run of pytest that is over.

    Attributes:
        code: its exit code. output: all that it printed. outcomes: of each test, by name.
        folder: its working directory. store: the developer's own store, which nothing should have made.
        scratch: its temporary directory.
    """

    code: int
    output: str
    folder: Path

    @property
    def outcomes(self) -> dict[str, str]:
        found = re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) \S+::(\S+)", self.output, re.MULTILINE)
        return {name: outcome.lower() for outcome, name in found}

    @property
    def store(self) -> Path:
        return self.folder / "real-store"

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"


Start = Callable[..., Finished]


def run_pytest(
    folder: Path,
    tests: str,
    *options: str,
    files: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Finished:
    """Run the tests of one file of `examples`, beside the application `app`, in an empty folder.

    Args:
        options: of pytest. files: further ones, by name. variables: of the environment.
    """
    (folder / "scratch").mkdir()
    texts = {"app.py": (EXAMPLES / "app.py").read_text(), "test_app.py": (EXAMPLES / tests).read_text()}
    for name, text in {**texts, **(files or {})}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", f"--rootdir={folder}", *options]
    done = subprocess.run(
        command, cwd=folder, env=environment(folder, variables or {}), capture_output=True, text=True, timeout=SECONDS
    )
    return Finished(done.returncode, done.stdout + done.stderr, folder)


def environment(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a run that is nobody's, although these tests are a run themselves."""
    foreign = ("FEATURE_TRACKING_", "CURIO_TRACKING_", "PYTEST_", "DO_NOT_TRACK", "COV_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    own |= {"HOME": str(folder), "TMPDIR": str(folder / "scratch"), "PYTHONDONTWRITEBYTECODE": "1"}
    own |= {"FEATURE_TRACKING_EXIT_TIMEOUT": "60"}  # a busy machine may need longer even to load the writer
    return own | {"FEATURE_TRACKING_DATA_DIR": str(folder / "real-store"), **variables}


def names_of(tests: str) -> list[str]:
    """Return the names of the tests in a file of `examples`."""
    return re.findall(r"^def (test_\w+)", (EXAMPLES / tests).read_text(), re.MULTILINE)
