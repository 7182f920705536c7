"""The exporter keeps what every exporter promises; everything arrives, once and in order."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from curio_tracking.testing import DeliveryContract, make_record

from example_module.exporter import ExamplePart


class TestPromisesOfEveryExporter(DeliveryContract):
    @pytest.fixture
    def make_exporter(self, tmp_path: Path) -> Callable[[], ExamplePart]:
        return lambda: ExamplePart(tmp_path / "sent.jsonl")

    @pytest.fixture
    def received(self, tmp_path: Path) -> Callable[[], list[str]]:
        def ids() -> list[str]:
            lines = (tmp_path / "sent.jsonl").read_text("utf-8").splitlines()
            return [json.loads(line)["record_id"] for line in lines]

        return ids


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    ExamplePart(tmp_path / "sent.jsonl").export([make_record(1)])
    assert (tmp_path / "sent.jsonl").stat().st_mode & 0o077 == 0
