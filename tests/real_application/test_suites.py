"""The tests of libraries that this project did not write, unchanged, with every function of the library tracked.

Each test must end as it does without tracking. The sources come from the package index, pinned by hash: only they hold
the tests. Jinja has generators, coroutines and asyncio, compiles code and rewrites tracebacks; Click has decorators,
context managers and terminals.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from curio_tracking.queries import RecordQuery
from curio_tracking.runtime import open_reader
from curio_tracking.settings import load_settings

HERE = Path(__file__).parent
SECONDS = 1800


@dataclass(frozen=True)
class Library:
    """Somebody's library.

    Attributes:
        requirement: name, version and hash of its source distribution. needs: what its tests need besides pytest.
        fewest_tests, fewest_features, fewest_calls: what a run must at least have seen, to prove something.
    """

    requirement: str
    needs: tuple[str, ...]
    fewest_tests: int
    fewest_features: int
    fewest_calls: int


LIBRARIES = {
    "jinja2": Library(
        "jinja2==3.1.6 --hash=sha256:0137fb05990d35f1275a587e9aee6d56da821fc83491a0fb838183be43f66d6d",
        ("markupsafe==3.0.*", "trio==0.*"),
        fewest_tests=900,
        fewest_features=500,
        fewest_calls=300_000,
    ),
    "click": Library(
        "click==8.5.1 --hash=sha256:9bbfada76703fd1d784b83eea012e3e8c6a001a876543ef104fa56aaaeb072b4",
        (),
        fewest_tests=2_000,
        fewest_features=400,
        fewest_calls=100_000,
    ),
}


@dataclass(frozen=True)
class Finished:
    """A run of the tests: its exit code, the outcome of each phase of each test, and the store."""

    code: int
    outcomes: dict[tuple[str, str], list[str]]
    output: str
    data_dir: Path


@dataclass(frozen=True)
class Trial:
    """The tests of one library, run plainly and tracked."""

    plain: Finished
    tracked: Finished


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Return what runs pip, which an environment for tests need not have."""

    @cache
    def python() -> Path:
        folder = tmp_path_factory.mktemp("pip")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        return folder / "bin" / "python"

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [python(), "-m", "pip", "--quiet", *arguments], capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture(scope="module")
def trial(pip: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Trial]:
    """Return what gives the trial of a library; each is done once."""

    @cache
    def find(package: str) -> Trial:
        base = tmp_path_factory.mktemp(package)
        sources = unpacked(pip, LIBRARIES[package], base)
        return Trial(run(sources, base, package, track=False), run(sources, base, package, track=True))

    return find


def unpacked(pip: Callable[..., None], library: Library, base: Path) -> Path:
    """Return the sources of a library, with what its tests need in `needs` beside them."""
    (base / "requirements.txt").write_text(library.requirement + "\n", "utf-8")
    pip("download", "--no-deps", "--no-binary=:all:", f"--dest={base}", "--requirement", f"{base / 'requirements.txt'}")
    [archive] = base.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(base / "sources", filter="data")
    [folder] = (base / "sources").iterdir()
    # itself, too: its tests ask for the version that is installed; what they import are the sources, which come first
    pip("install", "--no-deps", f"--target={base / 'needs'}", str(folder))
    if library.needs:
        pip("install", f"--target={base / 'needs'}", *library.needs)
    return folder


def run(sources: Path, base: Path, package: str, *, track: bool) -> Finished:
    """Run the tests of a library in a copy of its sources."""
    kind = "tracked" if track else "plain"
    place, outcomes, data_dir = base / kind / "work", base / kind / "outcomes.jsonl", base / kind / "data"
    shutil.copytree(sources, place)
    leftovers = base / kind / "tmp"
    leftovers.mkdir()
    foreign = ("FEATURE_TRACKING_", "TRACKED_", "PYTEST_", "DO_NOT_TRACK", "COV_", "NO_COLOR", "FORCE_COLOR")
    path = os.pathsep.join(map(str, (HERE, place / "src", base / "needs")))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | {
        "FEATURE_TRACKING_DATA_DIR": str(data_dir),
        "FEATURE_TRACKING_EXIT_TIMEOUT": "60",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": path,
        "TMPDIR": str(leftovers),
        "TRACKED_OUTCOMES": str(outcomes),
        **({"TRACKED_PACKAGE": package} if track else {}),
    }
    others = [f"-pno:{name}" for name in ("cacheprovider", "curio_tracking", "xdist", "hypothesispytest")]
    command = [sys.executable, "-m", "pytest", "-q", "-ptracked_suite", *others, f"--rootdir={place}", "tests"]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=SECONDS)
    found: dict[tuple[str, str], list[str]] = {}
    for line in outcomes.read_text("utf-8").splitlines():
        name, when, *rest = json.loads(line)
        found.setdefault((name, when), []).extend(rest)
    return Finished(done.returncode, found, done.stdout[-5000:] + done.stderr[-5000:], data_dir)


@pytest.mark.parametrize("package", LIBRARIES)
def test_every_test_of_a_tracked_library_ends_as_without_tracking(trial: Callable[[str], Trial], package: str) -> None:
    found = trial(package)
    assert found.tracked.outcomes == found.plain.outcomes, found.tracked.output
    assert found.tracked.code == found.plain.code


@pytest.mark.parametrize("package", LIBRARIES)
def test_the_library_was_tested_and_tracked_indeed(trial: Callable[[str], Trial], package: str) -> None:
    found, library = trial(package), LIBRARIES[package]
    assert len({name for name, _when in found.plain.outcomes}) >= library.fewest_tests, found.plain.output
    reader = open_reader(load_settings({"data_dir": found.tracked.data_dir}, strict=True))
    features = [feature for feature in reader.features(RecordQuery()) if feature.weight]
    reader.close()
    assert len(features) >= library.fewest_features
    assert sum(feature.weight for feature in features) >= library.fewest_calls
