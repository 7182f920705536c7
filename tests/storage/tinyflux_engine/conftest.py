"""What the tests of the engine share: a store with small limits, a naive fold to compare with, and damage."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from curio_tracking.maintenance import MaintenanceReport
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.rollups import growing
from curio_tracking.summaries import Summary, fold
from curio_tracking.testing import START_US, make_record

DAY_US = 86_400_000_000


class Engine:
    """One data directory, its writers and its readers."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._made: list[TinyFluxBackend] = []

    def backend(self, *, retention_days: int = 0) -> TinyFluxBackend:
        """Return another instance on the data directory."""
        self._made.append(TinyFluxBackend(self.data_dir, retention_days=retention_days))
        return self._made[-1]

    def write(self, records: Iterable[FeatureRecord], *, batch: int = 100) -> None:
        """Let a writer of its own append the records, and close it."""
        records = list(records)
        writer = self.backend()
        for start in range(0, len(records), batch):
            writer.append(records[start : start + batch])
        writer.close()

    def maintain(self, *, retention_days: int = 0) -> MaintenanceReport:
        """Do all upkeep that is due."""
        return self.backend(retention_days=retention_days).maintain(lambda *_arguments: None)

    def files(self, pattern: str) -> list[Path]:
        """Return the files of the store that match, sorted."""
        return sorted(path for path in self.data_dir.glob(pattern) if path.is_file())

    def calls(self, backend: TinyFluxBackend | None = None, where: RecordQuery = RecordQuery()) -> float:  # noqa: B008
        """Return what the statistics say, all features together."""
        reader = self.backend() if backend is None else backend
        return sum(summary.weight for summary in reader.summaries(SummaryQuery(where, ())))

    def listed(self, backend: TinyFluxBackend | None = None, where: RecordQuery = RecordQuery()) -> list[str]:  # noqa: B008
        """Return the ids of the records that a reader lists, newest first."""
        reader = self.backend() if backend is None else backend
        return [record.record_id for record in reader.records(where)]

    def close(self) -> None:
        """Close every instance."""
        for backend in self._made:
            backend.close()


@pytest.fixture
def engine(data_dir: Path) -> Iterator[Engine]:
    """Return the test's store; its writers are closed at the end."""
    made = Engine(data_dir)
    yield made
    made.close()


@pytest.fixture
def eager_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let checkpoints be written after a few records already."""
    monkeypatch.setattr(growing, "FEWEST_RECORDS", 1)
    monkeypatch.setattr(growing, "RECORDS_PER_CHECKPOINT", 4)
    monkeypatch.setattr(growing, "RECORDS_PER_CELL", 0)


@pytest.fixture
def make_many() -> Callable[..., list[FeatureRecord]]:
    """Return what makes records a second apart: `make_many(5, first=10, day=1, user_id="u")`."""

    def make(count: int, *, first: int = 0, day: int = 0, **changes: Any) -> list[FeatureRecord]:
        return [
            make_record(number, **({"start_us": START_US + day * DAY_US + number * 1_000_000} | changes))
            for number in range(first, first + count)
        ]

    return make


def figures(summary: Summary, *, is_weighted: bool) -> dict[str, Any]:
    """Return everything that a summary holds, for comparison: sums of floats approximately, all else exactly."""
    counted = (lambda value: pytest.approx(value, rel=1e-9)) if is_weighted else (lambda value: value)
    means = (summary.mean_duration, summary.efficiency, summary.input_size, summary.output_size)
    return {
        "statuses": {str(status): counted(weight) for status, weight in summary.statuses.items()},
        "extremes": (summary.min_duration, summary.max_duration, summary.first_us, summary.last_us),
        "sums": [pytest.approx(mean.total, rel=1e-9, abs=1e-12) for mean in means],
        "weights": [counted(mean.weight) for mean in means],
        "iterations": pytest.approx(summary.iterations, rel=1e-9),
        "bins": {index: counted(weight) for index, weight in summary.durations.bins.items()},
        "users": summary.users.registers(),
    }


@pytest.fixture
def assert_same() -> Callable[..., None]:
    """Return the check that summaries are the naive fold of the records, in everything they hold."""

    def check(
        found: Iterable[Summary], records: Iterable[FeatureRecord], query: SummaryQuery, *, is_weighted: bool = False
    ) -> None:
        expected = fold(filter(query.where.matches, records), query.group_by)
        by_key: dict[tuple[str | None, ...], Summary] = {}
        for summary in found:
            key = tuple(summary.group[name] for name in query.group_by)
            assert key not in by_key, f"two summaries of {key}"
            by_key[key] = summary
        assert by_key.keys() == expected.keys()
        for key, summary in expected.items():
            assert figures(by_key[key], is_weighted=is_weighted) == figures(summary, is_weighted=is_weighted), key

    return check


@pytest.fixture
def flip() -> Callable[[Path, int], None]:
    """Return what changes one byte of a file and keeps its name, size and inode."""

    def change(path: Path, position: int) -> None:
        data = bytearray(path.read_bytes())
        data[position] ^= 0x55
        with path.open("r+b") as stream:
            stream.write(data)

    return change


@pytest.fixture
def in_child() -> Callable[[Callable[[], object]], int]:
    """Return what runs something in a forked child and returns its exit code: 1 if it raised."""

    def run(work: Callable[[], object]) -> int:
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                work()
                os._exit(0)
            os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    return run
