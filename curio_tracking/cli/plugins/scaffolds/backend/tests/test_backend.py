"""The backend keeps what every backend promises, and what this one promises besides."""

from collections.abc import Callable
from pathlib import Path

import pytest
from curio_tracking.queries import RecordQuery
from curio_tracking.testing import BackendContract, make_record

from example_module.backend import ExamplePart


class TestPromisesOfEveryBackend(BackendContract):
    @pytest.fixture
    def make_backend(self, tmp_path: Path) -> Callable[[], ExamplePart]:
        return lambda: ExamplePart(tmp_path / "store" / "records.sqlite")


def test_records_lie_in_one_file(tmp_path: Path) -> None:
    backend = ExamplePart(tmp_path / "records.sqlite")
    backend.append([make_record(1)])
    assert [path.name for path in tmp_path.iterdir()] == ["records.sqlite"]
    assert [record.record_id for record in backend.records(RecordQuery())] == [make_record(1).record_id]
