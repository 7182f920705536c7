"""The filter keeps what every filter promises, and what this one promises besides."""

import pytest
from curio_tracking.testing import FilterContract, make_record

from example_module.filter import ExamplePart


class TestPromisesOfEveryFilter(FilterContract):
    @pytest.fixture
    def record_filter(self) -> ExamplePart:
        return ExamplePart(20)


def test_long_message_is_cut() -> None:
    filtered = ExamplePart(20).apply(make_record(error_message="x" * 100))
    assert filtered is not None
    assert filtered.error_message == "x" * 20


def test_short_message_stays() -> None:
    filtered = ExamplePart(20).apply(make_record(error_message="no such file"))
    assert filtered is not None
    assert filtered.error_message == "no such file"
