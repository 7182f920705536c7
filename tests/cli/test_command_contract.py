"""The built-in commands keep what every command promises."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from curio_tracking.testing import CommandContract, make_record


class TestListFeatures(CommandContract):
    @pytest.fixture
    def command(self) -> str:
        return "list-features"


class TestFeatureStats(CommandContract):
    needs_records = True

    @pytest.fixture
    def command(self) -> str:
        return "feature-stats"

    @pytest.fixture
    def arguments(self) -> Sequence[str]:
        return [make_record().feature_name]


class TestListRecords(CommandContract):
    @pytest.fixture
    def command(self) -> str:
        return "list-records"


class TestExport(CommandContract):
    @pytest.fixture
    def command(self) -> str:
        return "export"


class TestImport(CommandContract):
    writes = True

    @pytest.fixture
    def command(self) -> str:
        return "import"

    @pytest.fixture
    def arguments(self, tmp_path: Path) -> Sequence[str]:
        path = tmp_path / "records.jsonl"
        path.write_text(json.dumps(make_record(1).as_dict()) + "\n")
        return [str(path)]


class TestDoctor(CommandContract):
    @pytest.fixture
    def command(self) -> str:
        return "doctor"


class TestMaintain(CommandContract):
    writes = True

    @pytest.fixture
    def command(self) -> str:
        return "maintain"


class TestConfig(CommandContract):
    reads_store = False

    @pytest.fixture
    def command(self) -> str:
        return "config"


class TestPrivacyPreview(CommandContract):
    @pytest.fixture
    def command(self) -> str:
        return "privacy preview"


class TestPrivacyScan(CommandContract):
    @pytest.fixture
    def command(self) -> str:
        return "privacy scan"


class TestPluginsList(CommandContract):
    reads_store = False

    @pytest.fixture
    def command(self) -> str:
        return "plugins list"


class TestPluginsCheck(CommandContract):
    reads_store = False

    @pytest.fixture
    def command(self) -> str:
        return "plugins check"


class TestForget(CommandContract):
    writes = True

    @pytest.fixture
    def command(self) -> str:
        return "forget"

    @pytest.fixture
    def arguments(self) -> Sequence[str]:
        return ["nobody", "--yes"]


class TestKeyList(CommandContract):
    reads_store = False

    @pytest.fixture
    def command(self) -> str:
        return "key list"
