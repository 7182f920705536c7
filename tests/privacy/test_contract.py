"""The built-in filters keep the promises that every filter makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from curio_tracking.privacy import anonymize, exclude, redact, selection, size
from curio_tracking.settings import load_settings
from curio_tracking.testing import FilterContract

if TYPE_CHECKING:
    from pathlib import Path

    from curio_tracking.interfaces import RecordFilter


class TestExclude(FilterContract):
    @pytest.fixture
    def record_filter(self) -> RecordFilter | None:
        return exclude.create(load_settings({"exclude": "import*, feature_1?"}, strict=True))


class TestRedact(FilterContract):
    @pytest.fixture
    def record_filter(self) -> RecordFilter:
        return redact.create(load_settings(strict=True))


class TestAnonymize(FilterContract):
    @pytest.fixture
    def record_filter(self, data_dir: Path) -> RecordFilter | None:
        return anonymize.create(load_settings({"data_dir": data_dir}, strict=True))


class TestAnonymizeWithoutKey(FilterContract):
    @pytest.fixture
    def record_filter(self, data_dir: Path) -> RecordFilter | None:
        data_dir.write_text("a file stands where the directory should be")
        return anonymize.create(load_settings({"data_dir": data_dir}, strict=True))


class TestFailuresOnly(FilterContract):
    @pytest.fixture
    def record_filter(self) -> RecordFilter | None:
        return selection.create_failures_only(load_settings({"failures_only": True}, strict=True))


class TestMinDuration(FilterContract):
    @pytest.fixture
    def record_filter(self) -> RecordFilter | None:
        return selection.create_min_duration(load_settings({"min_duration": 0.2}, strict=True))


class TestSampling(FilterContract):
    @pytest.fixture
    def record_filter(self) -> RecordFilter | None:
        return selection.create_sampling(load_settings({"sample_rate": 0.5}, strict=True))


class TestSize(FilterContract):
    @pytest.fixture
    def record_filter(self) -> RecordFilter:
        return size.create(load_settings({"max_metadata_size": 300}, strict=True))
