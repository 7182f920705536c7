"""The promises of every storage backend."""

import pytest

from curio_tracking.testing.backends import BackendContract
from curio_tracking_sqlite.backend import SqliteBackend


class TestSqliteBackend(BackendContract):
    @pytest.fixture
    def make_backend(self, tmp_path):
        return lambda: SqliteBackend(tmp_path / "data" / "records.sqlite")
