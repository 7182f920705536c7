"""Killed 200 times at random moments, under load, while others go on writing, tidying up and reading.

Budget: 25 s of kills and some 10 s of checks.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import store_checks
from small_sizes import make_sizes_small
from storm import MOST_PER_BATCH

from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

KILLS: Final = 200
SEED: Final = 20_261_125
STORM: Final = Path(__file__).with_name("storm.py")


def test_random_kills_under_load_lose_and_double_nothing(data_dir: Path, tmp_path: Path) -> None:
    make_sizes_small()
    acknowledged = tmp_path / "acknowledged"
    acknowledged.mkdir()
    enough = tmp_path / "enough"
    arguments = [str(data_dir), str(acknowledged), str(SEED), str(KILLS), str(enough)]
    with running([sys.executable, str(STORM), *arguments]) as storm:
        warm = TinyFluxBackend(data_dir)
        rounds = 0
        while storm.poll() is None:
            check_while_others_write(warm, acknowledged)
            check_while_others_write(TinyFluxBackend(data_dir), acknowledged)
            rounds += 1
            if rounds > 3:
                enough.touch()
        assert (storm.returncode, storm.communicate()[1]) == (0, "")
        assert rounds > 3
    check_exactly(data_dir, acknowledged)
    store_checks.age_leftovers(data_dir)
    for _round in range(2):
        assert not store_checks.maintain(data_dir).failed
    store_checks.assert_in_order(data_dir)
    check_exactly(data_dir, acknowledged)
    store_checks.assert_every_file_opens(data_dir, tmp_path / "scratch.csv")


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program, and leave neither it nor its children behind."""
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield program
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def counts(acknowledged: Path) -> dict[int, int]:
    """Return how many records of each life were acknowledged."""
    return {int(file.name): int.from_bytes(file.read_bytes(), "little") for file in acknowledged.iterdir()}


def check_while_others_write(backend: TinyFluxBackend, acknowledged: Path) -> None:
    """Check that totals and records hold all that was acknowledged before the question."""
    before = sum(counts(acknowledged).values())
    assert sum(store_checks.calls_by_feature(backend).values()) >= before
    assert len(store_checks.records_once(backend)) >= before


def check_exactly(data_dir: Path, acknowledged: Path) -> None:
    """Check that of each life there is what was acknowledged, and of the batch in hand at most."""
    backend = TinyFluxBackend(data_dir)
    records = store_checks.records_once(backend)
    store_checks.assert_totals_are_a_fold(backend, records)
    assert backend.quarantined <= 1
    numbers: defaultdict[int, set[int]] = defaultdict(set)
    for record in records:
        life, number = map(int, record.record_id.split("-"))
        numbers[life].add(number)
    lost: Counter[int] = Counter()
    for life, count in counts(acknowledged).items():
        lost[life] = len(set(range(count)) - numbers[life])
        assert max(numbers[life], default=-1) < count + MOST_PER_BATCH
    assert not +lost
    assert numbers.keys() <= counts(acknowledged).keys()
