"""What the tests of the command line share: a clean environment, a store with real records, ways to run the program."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shelf_backend
from site_packages import describe

from curio_tracking.cli import main
from curio_tracking.plugins import PluginHost
from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.runtime import make_backend
from curio_tracking.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NOON_US = 1_793_534_400_000_000
"""2026-11-01 12:00:00 UTC in microseconds."""
SECOND_US = 1_000_000
TERMINAL_NAMES = ("COLUMNS", "LINES", "PYTHONIOENCODING")


@dataclass(frozen=True)
class Result:
    """How a run of the program ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def own_store(clean_environment: None, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every command read the test's own store (not there yet), in a terminal of known abilities."""
    for name in TERMINAL_NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(data_dir))


def make_record(number: int = 0, **values: Any) -> FeatureRecord:
    """A successful execution, `number` seconds after noon."""
    defaults: dict[str, Any] = {
        "record_id": f"r{number:06}",
        "feature_name": "translate",
        "category": "ai_provider",
        "status": FeatureStatus.SUCCESS,
        "start_us": NOON_US + number * SECOND_US,
        "duration": 0.25,
    }
    return FeatureRecord(**(defaults | values))


@pytest.fixture
def record() -> Callable[..., FeatureRecord]:
    """`record(number, **values)` makes one."""
    return make_record


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """`plugin(name, code)` installs a single-file plugin."""
    directory = tmp_path / "plugins"
    directory.mkdir()
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(directory))

    def install(name: str, code: str) -> None:
        (directory / f"{name}.py").write_text(code)

    return install


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's distribution with the backend `shelf`, installed for this process and those it starts."""
    site = tmp_path / "site"
    describe(site, "shelf", {"curio_tracking": {"shelf": shelf_backend.__name__}})
    monkeypatch.syspath_prepend(str(site))
    helpers = str(Path(shelf_backend.__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), helpers]))


@pytest.fixture
def store() -> Callable[..., None]:
    """`store(records)` keeps records through the real backend, as a tracked application's process does."""

    def keep(records: Sequence[FeatureRecord], **overrides: Any) -> None:
        settings = load_settings(overrides, strict=True)
        backend = make_backend(settings, PluginHost.for_settings(settings))
        backend.append(records)
        backend.close()

    return keep


@pytest.fixture
def shop(store: Callable[..., None]) -> list[FeatureRecord]:
    """A store of eight calls of three features."""
    records = [
        *(make_record(n, input_size=10, output_size=20, efficiency_score=1.0, user_id=f"u{n % 2}") for n in range(4)),
        make_record(4, status=FeatureStatus.FAILED, error_type="ValueError", error_message="no such language"),
        make_record(5, feature_name="snapshot", category="sysmon", duration=75.0),
        make_record(6, feature_name="snapshot", category="sysmon", status=FeatureStatus.TIMEOUT, duration=90.0),
        make_record(
            7, feature_name="import_csv", category="file_operation", status=FeatureStatus.PARTIAL, duration=0.002
        ),
    ]
    store(records)
    return records


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """`run("list-features", ...)` runs the program in this process; its stdout is no terminal."""

    def invoke(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return invoke


@pytest.fixture
def spawn() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`spawn("list-features", ...)` runs `python -m curio_tracking` in a process of its own."""

    def start(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "curio_tracking", *arguments]
        return subprocess.run(command, text=True, timeout=180, check=False, **(streams | options))

    return start


@pytest.fixture
def on_terminal() -> Callable[..., Result]:
    """`on_terminal("list-features", ..., columns=80)` runs the program with a terminal as its stdout and stderr."""

    def start(*arguments: str, columns: int = 160, stdout: int | None = None) -> Result:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "curio_tracking", *arguments],
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            env=dict(os.environ),  # without it readline's COLUMNS=80 goes along, which os.environ does not show
        )
        os.close(slave)
        shown = _read_all(master)
        os.close(master)
        return Result(process.wait(timeout=180), shown.replace("\r\n", "\n"), "")

    return start


def _read_all(descriptor: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65_536)
        except OSError:  # EIO: the last one has closed the terminal
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode()


@pytest.fixture
def start_application(data_dir: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`start_application(code, **variables)` starts a program of its own that is killed with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | variables,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
