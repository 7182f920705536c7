"""What the tests of migrating share: two stores, and pages that a few dozen records fill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from curio_tracking.storage.csv import CsvBackend
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend


@pytest.fixture
def source(tmp_path: Path) -> Iterator[TinyFluxBackend]:
    """A store that tests fill."""
    backend = TinyFluxBackend(tmp_path / "source")
    yield backend
    backend.close()


@pytest.fixture
def target(tmp_path: Path) -> CsvBackend:
    """An empty store."""
    return CsvBackend(tmp_path / "target")


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few dozen records be many pages and batches."""
    monkeypatch.setattr("curio_tracking.migrating.migration.PAGE", 10)
    monkeypatch.setattr("curio_tracking.migrating.migration.BATCH", 3)
