"""The three built-in backends keep what every backend promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.storage.csv import CsvBackend
from curio_tracking.storage.memory import MemoryBackend
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import BackendContract


class TestMemoryBackend(BackendContract):
    @pytest.fixture
    def make_backend(self, tmp_path: Path) -> Callable[[], MemoryBackend]:
        return lambda: MemoryBackend(str(tmp_path))


class TestCsvBackend(BackendContract):
    @pytest.fixture
    def make_backend(self, tmp_path: Path) -> Callable[[], CsvBackend]:
        return lambda: CsvBackend(tmp_path / "data")


class TestTinyFluxBackend(BackendContract):
    @pytest.fixture
    def make_backend(self, tmp_path: Path) -> Callable[[], TinyFluxBackend]:
        return lambda: TinyFluxBackend(tmp_path / "data")
