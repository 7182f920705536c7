"""`curio-tracking migrate` brings the records of another backend into the file, and goes on after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.testing import make_record

Run = Callable[..., subprocess.CompletedProcess[str]]

FORTH = ("migrate", "--from", "tinyflux", "--to", "sqlite")
BACK = ("migrate", "--from", "sqlite", "--to", "csv")
MANY = 3000
KILLED = """
import os, signal, sys
from curio_tracking.cli import main
from curio_tracking_sqlite.backend import SqliteBackend

left, append = int(sys.argv.pop(1)), SqliteBackend.append

def append_and_be_killed(self, records):
    global left
    append(self, records)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

SqliteBackend.append = append_and_be_killed
sys.exit(main())
"""


@pytest.fixture
def records_elsewhere(python: Run) -> None:
    """Fill the store of tinyflux with records."""
    names = ("plain", 'a "quoted" name', "a;b,c")
    records = [make_record(at, feature_name=names[at % 3], user_id=f"1:{at % 5}") for at in range(MANY)]
    Path("records.jsonl").write_text("".join(json.dumps(record.as_dict()) + "\n" for record in records))
    finished = python("-m", "curio_tracking", "import", "records.jsonl", FEATURE_TRACKING_BACKEND="tinyflux")
    assert finished.returncode == 0


def listed(python: Run, backend: str, command: str) -> str:
    finished = python("-m", "curio_tracking", "--backend", backend, command, "--limit", "0", "--format", "json")
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


@pytest.mark.usefixtures("records_elsewhere")
@pytest.mark.parametrize("command", ["list-features", "list-records"])
def test_records_and_statistics_are_the_same_on_the_other_side(python: Run, command: str) -> None:
    for arguments in (FORTH, BACK):
        finished = python("-m", "curio_tracking", *arguments)
        assert finished.returncode == 0, finished.stderr
    assert listed(python, "sqlite", command) == listed(python, "tinyflux", command) == listed(python, "csv", command)


@pytest.mark.usefixtures("records_elsewhere")
@pytest.mark.parametrize("batches", [1, 2])
def test_killed_migration_is_completed_by_the_next_one(python: Run, batches: int) -> None:
    assert python("-c", KILLED, str(batches), *FORTH).returncode == -signal.SIGKILL
    assert 0 < len(json.loads(listed(python, "sqlite", "list-records"))) < MANY
    assert python("-m", "curio_tracking", *FORTH).returncode == 0
    assert listed(python, "sqlite", "list-records") == listed(python, "tinyflux", "list-records")


@pytest.mark.usefixtures("records_elsewhere")
def test_file_that_an_option_places_is_no_other_one_in_another_directory(python: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "usage.sqlite")
    assert python("-m", "curio_tracking", *FORTH, FEATURE_TRACKING_SQLITE__PATH=path).returncode == 0
    move = ("migrate", "--from", "sqlite", "--to", "sqlite", "--to-dir", str(tmp_path / "new"))
    finished = python("-m", "curio_tracking", *move, FEATURE_TRACKING_SQLITE__PATH=path)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == (
        f"error: source and target are the same store: sqlite keeps its records in {path}, whatever the data directory "
        f"is; name another backend with --to, or take that path out of the settings of sqlite\n"
    )
