"""What stands in the place of a file: inside a data directory no symbolic link is followed, and no pipe waited at.

Nor is a link followed at a file that a command writes.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from all_commands import command_lines

from curio_tracking import FeatureTracker, tracking_context
from curio_tracking.privacy.keys import KeyRing
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import make_record
from curio_tracking.testing.command_runs import run_to_file

DAY_US = 86_400_000_000
OUTSIDE = "only_known_outside"
"""The feature of the records that a link leads to."""
BACKENDS = ("tinyflux", "csv")


def fill(data_dir: Path, backend: str, feature: str) -> None:
    """Make a store that has every kind of file: keys, old and new records, totals, what is put aside, declarations."""
    for days in (400, 3, 0):
        if backend == "tinyflux":
            store = TinyFluxBackend(data_dir)
            store.append([make_record(n, feature_name=feature, start_us=_days_ago(days) + n) for n in range(5)])
            store.close()
    tracker = FeatureTracker(data_dir=data_dir, backend=backend)
    with tracking_context(user_id="ada"), tracker.track(feature, "other"):
        pass
    tracker.track_feature(feature)(print)
    assert tracker.flush(180)
    tracker.close()
    for segment in sorted(data_dir.rglob("*.csv"))[-1:]:
        with segment.open("ab") as stream:
            stream.write(b"no record\n")
    if backend == "tinyflux":
        store = TinyFluxBackend(data_dir)
        store.maintain(lambda *_progress: None)
        store.close()


def _days_ago(days: int) -> int:
    return int(time.time() * 1_000_000) - days * DAY_US


def contents(folder: Path) -> dict[Path, tuple[int, bytes | None]]:
    return {
        path: (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each backend: a store, and another one beside it that only the test's links lead to."""
    made = {}
    for backend in BACKENDS:
        made[backend] = tmp_path_factory.mktemp(backend)
        fill(made[backend] / "data", backend, "import_csv")
        fill(made[backend] / "outside", backend, OUTSIDE)
    return made


def everywhere(data_dir: Path) -> list[Path]:
    """Every file and directory of a store, as paths in it."""
    return [path.relative_to(data_dir) for path in sorted(data_dir.rglob("*"))]


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_link_inside_a_store_is_followed(
    stores: dict[str, Path], backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", backend)
    kept = stores[backend]
    parts = everywhere(kept / "data")
    assert {"keys", "raw" if backend == "tinyflux" else "csv"} <= {part.parts[0] for part in parts}
    for number, part in enumerate(parts):
        here = tmp_path / f"{backend}{number}"
        shutil.copytree(kept, here)
        target = _counterpart(here, part)
        before = contents(here / "outside")
        _remove(here / "data" / part)
        (here / "data" / part).symlink_to(target)
        monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(here / "data"))
        shown = "".join(use_it_all(here))
        assert contents(here / "outside") == before, f"written through {part}"
        assert OUTSIDE not in shown, f"read through {part}"


class Hangs(BaseException):
    """What no program takes for a failure that it can name."""


@pytest.fixture
def alarm() -> Iterator[None]:
    """Interrupt what hangs, and what hangs after that."""

    def ring(*_signal: object) -> None:
        raise Hangs

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 1800, 1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_pipe_inside_a_store_holds_anybody_up(
    stores: dict[str, Path], backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alarm: None
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", backend)
    data_dir = stores[backend] / "data"
    before = threading.enumerate()
    parts = {_kind(part): part for part in everywhere(data_dir) if (data_dir / part).is_file()}
    assert {".jsonl", ".csv", ".key", ".json"} <= {part.suffix for part in parts.values()}
    for number, part in enumerate(parts.values()):
        here = tmp_path / f"{backend}{number}"
        shutil.copytree(data_dir, here / "data")
        _remove(here / "data" / part)
        os.mkfifo(here / "data" / part)
        monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(here / "data"))
        assert len(list(use_it_all(here))) > 10
        started = [thread for thread in threading.enumerate() if thread not in before]
        for writer in [thread for thread in started if thread.name == "curio-tracking-writer"]:
            writer.join(180)
            assert not writer.is_alive(), f"waits at {part}"


def _kind(part: Path) -> tuple[str, ...]:
    """Return what is the same for files that are used in the same way."""
    return part.parts[0], *part.suffixes[-2:]


def use_it_all(here: Path) -> Iterator[str]:
    """Write as an application does, ask and change as every command does."""
    tracker = FeatureTracker(data_dir=here / "data", exit_timeout=0.5)
    with tracking_context(user_id="ada"), tracker.track("import_csv", "file_operation"):
        pass
    tracker.flush(0.5)
    tracker.close()
    records = here / "records.jsonl"
    records.write_text("no record\n")
    chosen = {
        "dashboard": ["--help"],  # it reads as the others do
        "demo": ["--help"],  # as any application
        "doctor": ["--repair"],
        "forget": ["ada", "--yes", "--receipt", str(here / "receipt.json")],
        "import": [str(records)],
        "migrate": ["--from", os.environ["FEATURE_TRACKING_BACKEND"], "--to", "memory", "--dry-run"],
        "plugins check": ["--help"],
        "plugins install": ["--help"],
        "plugins list": ["--help"],
        "plugins new": ["--help"],
        "plugins uninstall": ["--help"],
    }
    for arguments in command_lines(chosen).values():
        run = run_to_file(arguments)
        assert "Traceback" not in run.err
        assert "bug" not in run.err, run.err
        yield run.out + run.err


def _counterpart(here: Path, part: Path) -> Path:
    """Return what a link in the place of a part leads to: the same part of the other store, or one of its kind."""
    same = here / "outside" / part
    if same.exists():
        return same
    kin = [
        path for path in sorted(same.parent.glob(f"*{part.suffix}")) if path.is_dir() == (here / "data" / part).is_dir()
    ]
    return kin[-1] if kin else here / "outside"


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@pytest.mark.parametrize("exists", [True, False])
def test_no_link_is_followed_where_rejected_lines_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(tmp_path / "data"))
    victim = tmp_path / "victim"
    if exists:
        victim.write_text("precious")
    (tmp_path / "records.jsonl").write_text("no record\n")
    (tmp_path / "records.jsonl.rejected").symlink_to(victim)
    run_to_file(["import", str(tmp_path / "records.jsonl")])
    assert (tmp_path / "records.jsonl.rejected").is_symlink()
    assert (victim.read_text() if exists else victim.exists()) == ("precious" if exists else False)


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("exists", [True, False])
def test_no_link_is_followed_where_an_export_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool, force: list[str]
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(tmp_path / "data"))
    fill(tmp_path / "data", "csv", "import_csv")
    victim = tmp_path / "victim"
    if exists:
        victim.write_text("precious")
    (tmp_path / "out.csv").symlink_to(victim)
    run = run_to_file(["--backend", "csv", "export", "--output", str(tmp_path / "out.csv"), *force])
    assert (run.code, "no regular file" in run.err) == (1, True)
    assert (victim.read_text() if exists else victim.exists()) == ("precious" if exists else False)


def test_no_link_to_a_key_is_followed(tmp_path: Path) -> None:
    known = KeyRing(tmp_path / "known").newest_or_new()
    ring = KeyRing(tmp_path / "keys")
    ring.newest_or_new()
    (tmp_path / "keys" / "2.key").symlink_to(tmp_path / "known" / "1.key")
    assert known.secret not in [key.secret for key in ring.all()]
    ring.rotate()
    assert (tmp_path / "known" / "1.key").read_bytes() == known.secret
