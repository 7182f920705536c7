"""`curio-tracking forget` over a file of this backend: no byte of the user stays, even if killed at any write."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.forgetting.traces import traces_of
from curio_tracking.privacy.anonymize import pseudonym
from curio_tracking.privacy.keys import KeyRing
from curio_tracking.queries import RecordQuery
from curio_tracking.testing import make_record
from curio_tracking_sqlite.backend import SqliteBackend

ADA = "ada.lovelace"
COMMAND = ("-m", "curio_tracking", "forget", ADA, "--yes", "--format", "json")
CALLS = ("pwrite64", "ftruncate", "unlink")
"""System calls by which SQLite changes its files."""
KILLS_PER_CALL = 5
ROWS = 600

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def names(path: Path) -> list[str]:
    """Fill a store with rows of uneven length, half of them the user's under two keys; return her pseudonyms."""
    ring = KeyRing(path.parent / "keys")
    ring.newest_or_new()
    ring.rotate()
    names = [pseudonym(key, "user", ADA) for key in ring.all()]
    chance = random.Random(4)
    users = [*names, "2:" + "f" * 32, "2:" + "e" * 32]
    backend = SqliteBackend(path)
    for first in range(0, ROWS, 50):
        backend.append(
            [
                make_record(number, user_id=chance.choice(users), metadata={"k": "v" * chance.randrange(120)})
                for number in range(first, first + 50)
            ]
        )
    backend.close()
    return names


def rows_of_others(path: Path, names: list[str]) -> list[str]:
    backend = SqliteBackend(path)
    found = [record.record_id for record in backend.records(RecordQuery()) if record.user_id not in names]
    backend.close()
    return found


def assert_forgotten(run: Run, path: Path, names: list[str], others: list[str]) -> None:
    """Run the command to its end, and look at what is left."""
    ended = run(*COMMAND)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["complete"]
    assert traces_of(names, path.parent) == []
    assert rows_of_others(path, []) == others


def test_user_is_erased_from_the_file(python: Run, path: Path, names: list[str]) -> None:
    assert_forgotten(python, path, names, rows_of_others(path, names))


def calls_of(log: Path, *inject: str) -> tuple[int, dict[str, int]]:
    """Run the command under strace; return how it ended, and how often it made each call."""
    strace = shutil.which("strace")
    assert strace, "this test kills at chosen system calls and needs strace: apt-get install strace"
    options = ["-f", "-qq", "-o", str(log), "-e", f"trace={','.join(CALLS)}", *inject]
    ended = subprocess.run([strace, *options, sys.executable, *COMMAND], capture_output=True, timeout=600, check=False)
    lines = log.read_text().splitlines()
    return ended.returncode, {call: sum(f" {call}(" in line for line in lines) for call in CALLS}


def test_killed_at_any_of_its_writes_and_run_again_it_completes(
    python: Run, path: Path, names: list[str], tmp_path: Path
) -> None:
    others = rows_of_others(path, names)
    before = tmp_path / "before"
    shutil.copytree(path.parent, before)
    code, made = calls_of(tmp_path / "log")
    assert (code, min(made.values()) > 0) == (0, True), made
    for call, count in made.items():
        for number in sorted({1 + step * (count - 1) // KILLS_PER_CALL for step in range(KILLS_PER_CALL + 1)}):
            shutil.rmtree(path.parent)
            shutil.copytree(before, path.parent)
            code, _made = calls_of(tmp_path / "log", "-e", f"inject={call}:signal=KILL:when={number}")
            assert code == -signal.SIGKILL, (call, number)
            assert_forgotten(python, path, names, others)
