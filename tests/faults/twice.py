"""Runs one real program with tracking off and on, and holds against each other what came of it.

What must hold whatever is done to the program: exit status, standard output and standard error are the same, every
process accounts for every call it made, and the store holds what the accounts say.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import store_checks
from slow_imports import without_slow_imports

from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

PROGRAMS: Final = Path(__file__).with_name("programs")
LONGEST_SECONDS: Final = 300
"""When a program counts as hanging; far beyond what any of them takes."""
_ADDRESS: Final = re.compile(r"0x[0-9a-f]+")


@dataclass(frozen=True)
class Account:
    """What one process said of itself: the calls it made so far, and its tracker's counters at that moment."""

    process: int
    made: int
    health: dict[str, Any]

    @property
    def dropped(self) -> int:
        """How many calls were dropped, for whatever reason."""
        return sum(self.health["dropped"].values())

    @property
    def stored(self) -> int:
        """How many calls the backend had acknowledged."""
        return int(self.health["written"] + self.health["folded"])


@dataclass(frozen=True)
class Tracked:
    """The run with tracking on.

    Attributes:
        data_dir: its store. status, output: as without tracking. warnings: what the tracker had to say.
        accounts: of its processes, in the order in which they were given.
    """

    data_dir: Path
    status: int
    output: str
    warnings: list[str]
    accounts: list[Account] = field(default_factory=list)

    def account(self) -> Account:
        """Return the last account."""
        return self.accounts[-1]

    def records(self) -> list[FeatureRecord]:
        """Return what is stored, newest first; each record is there once, and the totals are those of the records."""
        backend = TinyFluxBackend(self.data_dir)
        records = store_checks.records_once(backend)
        store_checks.assert_totals_are_a_fold(backend, records)
        return records

    def calls(self, feature_name: str | None = None) -> int:
        """Return how many calls the stored records stand for."""
        records = [one for one in self.records() if feature_name in (None, one.feature_name)]
        return round(sum(one.sample_weight for one in records))


def run_twice(
    program: str,
    directory: Path,
    *arguments: str,
    warnings: Sequence[str] | None = (),
    before: Sequence[str] = (),
    variables: dict[str, str] | None = None,
    data_dir: Path | None = None,
    seconds: float = LONGEST_SECONDS,
    **settings: str,
) -> Tracked:
    """Run a program of `programs` without and with tracking; return the latter, having checked what must hold.

    Args:
        directory: a folder of the test's own.
        warnings: patterns of the lines that the tracker may put on standard error, in their order, one line each;
            None: the test looks at them itself.
        before: what to start the program with.
        variables: further ones, for both runs. data_dir: the store, in place of one in `directory`.
        seconds: when each run counts as hanging.
        settings: without their prefix.
    """
    command = [*before, sys.executable, str(PROGRAMS / program), *arguments]
    off = {"FEATURE_TRACKING_ENABLED": "false", "FEATURE_TRACKING_DATA_DIR": str(directory / "off")}
    on = {
        "FEATURE_TRACKING_ENABLED": "true",
        "FEATURE_TRACKING_DATA_DIR": str(data_dir or directory / "on"),
        "FEATURE_TRACKING_EXIT_TIMEOUT": "60",  # a busy machine must not make the end lose what it had time to write
        "FAULTS_ACCOUNTS": str(directory / "accounts"),
        **{f"FEATURE_TRACKING_{name.upper()}": value for name, value in settings.items()},
    }
    common = {**os.environ, "PYTHONHASHSEED": "0", **(variables or {})}
    without = _run(command, {**common, **off}, seconds)
    assert not (directory / "off").exists()
    tracked = _run(command, {**common, **on}, seconds)
    assert (tracked.returncode, tracked.stdout) == (without.returncode, without.stdout), tracked.stderr[:5000]
    said = _warnings(tracked.stderr, without.stderr)
    if warnings is not None:
        said = without_slow_imports(said)
        assert len(said) == len(warnings), said[:10]
        assert all(re.match(pattern, line) for pattern, line in zip(warnings, said, strict=True)), said
    return Tracked(
        data_dir or directory / "on", tracked.returncode, tracked.stdout, said, _accounts(directory / "accounts")
    )


def _run(command: list[str], environment: dict[str, str], seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="surrogateescape", check=False,
        timeout=seconds, start_new_session=True,
    )  # fmt: skip


def _warnings(tracked: str, without: str) -> list[str]:
    """Return the lines that only the run with tracking has, having checked that all others are the same."""
    expected = _ADDRESS.sub("0x", without).splitlines()
    extra = []
    for line in _ADDRESS.sub("0x", tracked).splitlines():
        if expected and line == expected[0]:
            expected.pop(0)
        else:
            extra.append(line)
    assert not expected, f"standard error lacks {expected}"
    return extra


def _accounts(path: Path) -> list[Account]:
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    accounts = [Account(**json.loads(line)) for line in lines]
    for one in accounts:
        health = one.health
        accounted = health["written"] + health["folded"] + health["pending"] + one.dropped
        assert health["recorded"] == accounted == one.made, one
    return accounts


def assert_store_is_as_accounted(tracked: Tracked) -> None:
    """Check of every process that gave an account: what it said was stored is, and no more than it can have stored.

    What was pending then may have been written since.
    """
    stored: Counter[int | None] = Counter()
    for record in tracked.records():
        stored[record.process_id] += round(record.sample_weight)
    last = {one.process: one for one in tracked.accounts}
    assert last, "no process gave an account"
    for process, one in last.items():
        assert one.stored <= stored[process] <= one.stored + one.health["pending"], (one, stored[process])
