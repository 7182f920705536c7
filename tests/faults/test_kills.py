"""Killed at every system call: what was acknowledged is there exactly once, and the next ones bring it into order.

Budget: some 950 kill points at 0.2 s each, 1.6 minutes on two cores.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import scenario
import store_checks
from small_sizes import make_sizes_small
from tracing import Call, Lives

from curio_tracking.errors import StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import make_record

PARTS: Final = 8
RECENT_DAY: Final = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%d")
CHANGING: Final = frozenset({"write", "rename", "fsync", "unlink", "ftruncate", "mkdir", "rmdir", "openat", "flock"})


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    """Return what lives the scenario in a process of its own."""
    lives = Lives(RECENT_DAY)
    yield lives
    lives.close()


@pytest.fixture(scope="module")
def points(lives: Lives, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Return every call at which the process is to be killed."""
    place = tmp_path_factory.mktemp("counting")
    calls = lives.calls(place / "data", place / "log")
    return [call for call in calls if is_changing(call)]


def is_changing(call: Call) -> bool:
    """Whether a kill at this call can leave something else than a kill at the next one does."""
    return "O_CREAT" in call.line if call.name == "openat" else not call.line.endswith("(File exists)")


def test_the_workload_makes_every_kind_of_call(points: list[Call]) -> None:
    assert {call.name for call in points} == CHANGING
    assert len(points) > 500
    assert any(call.name == "rename" and '.parts"' in call.line for call in points), "no small segments are joined"


@pytest.mark.parametrize("part", range(PARTS))
def test_kill_at_every_call_loses_and_doubles_nothing(
    lives: Lives, points: list[Call], tmp_path: Path, part: int
) -> None:
    make_sizes_small()
    failures = []
    for number, call in enumerate(points[part::PARTS]):
        data_dir = tmp_path / str(number) / "data"
        data_dir.parent.mkdir()
        acknowledged = lives.steps_until_killed(data_dir, call)
        try:
            check(data_dir, acknowledged, tmp_path / "scratch.csv")
        except (AssertionError, StorageError):
            step = scenario.steps()[acknowledged]
            reason = traceback.format_exc(limit=-3)
            failures.append(f"{call} in step {acknowledged} ({step.kind}), store {data_dir}:\n{reason}")
    assert not failures, f"{len(failures)} of {len(points[part::PARTS])}:\n\n" + "\n\n".join(failures)


def check(data_dir: Path, acknowledged: int, scratch: Path) -> None:
    """Check what a kill left, then repeat the deletion it fell into, write, do the upkeep, and check again."""
    expected = scenario.expect(acknowledged, RECENT_DAY)
    check_contents(data_dir, expected, scratch, acknowledged)
    if scenario.has_begun("forget", acknowledged):
        TinyFluxBackend(data_dir).delete(RecordQuery(user_ids=frozenset({scenario.USER})))
        assert store_checks.files_with(scenario.USER.encode(), data_dir) == []
        check_contents(data_dir, expected, scratch, acknowledged)
    if scenario.has_begun("drop", acknowledged):
        TinyFluxBackend(data_dir).delete(RecordQuery(feature_name=scenario.FEATURE))
        assert scenario.FEATURE not in store_checks.calls_by_feature(TinyFluxBackend(data_dir))
        check_contents(data_dir, expected, scratch, acknowledged)
    another = TinyFluxBackend(data_dir)
    another.append([make_record(number) for number in range(3)])
    another.close()
    another.delete(RecordQuery(feature_name="import_csv"))
    store_checks.age_leftovers(data_dir)
    is_retaining = scenario.has_begun("retain", acknowledged)
    for _round in range(2):
        report = store_checks.maintain(data_dir, retention_days=scenario.RETENTION_DAYS if is_retaining else 0)
        assert not report.failed
    if is_retaining:
        kept = frozenset(one for one in expected.certain if scenario.day_of(one, RECENT_DAY) == RECENT_DAY)
        expected = replace(expected, certain=kept)
    check_contents(data_dir, expected, scratch, acknowledged)
    store_checks.assert_in_order(data_dir)


def check_contents(data_dir: Path, expected: scenario.Expectation, scratch: Path, acknowledged: int) -> None:
    """Check records, totals and files as a process sees them that opens the store now."""
    backend = TinyFluxBackend(data_dir)
    records = store_checks.records_once(backend)
    numbers = {int(record.record_id.removeprefix("record-")) for record in records}
    assert expected.certain <= numbers <= expected.possible, (
        f"lost: {sorted(expected.certain - numbers)}, not expected: {sorted(numbers - expected.possible)}"
    )
    assert all(record == scenario.record(int(record.record_id[-6:]), RECENT_DAY) for record in records)
    if not scenario.has_begun("retain", acknowledged):
        store_checks.assert_totals_are_a_fold(backend, records)
    counted = store_checks.calls_by_feature(backend)
    for feature in sorted(set(map(scenario.feature_of, expected.countable))):
        least = sum(scenario.feature_of(number) == feature for number in expected.counted)
        most = sum(scenario.feature_of(number) == feature for number in expected.countable)
        assert least <= counted[feature] <= most, f"{feature}: {least} <= {counted[feature]} <= {most}"
    assert backend.quarantined <= 1
    store_checks.assert_every_file_opens(data_dir, scratch, scenario.BAD_ROW)
