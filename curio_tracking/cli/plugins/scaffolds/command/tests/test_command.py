"""The command keeps what every command promises, and what this one promises besides."""

import json

import pytest
from curio_tracking.records import FeatureStatus
from curio_tracking.testing import CommandContract, make_record
from curio_tracking.testing.command_runs import run_to_file
from curio_tracking.testing.command_store import fill


class TestPromisesOfEveryCommand(CommandContract):
    @pytest.fixture
    def command(self) -> str:
        return "example-part"

    def test_what_failed_most_comes_first(self, command: str) -> None:
        fill(
            [
                make_record(1, feature_name="seldom", status=FeatureStatus.FAILED),
                make_record(2, feature_name="often", status=FeatureStatus.FAILED),
                make_record(3, feature_name="often", status=FeatureStatus.FAILED),
                make_record(4, feature_name="never"),
            ]
        )
        rows = json.loads(run_to_file([command, "--format", "json"]).out)
        assert [(row["feature_name"], row["failure_count"]) for row in rows] == [("often", 2), ("seldom", 1)]
