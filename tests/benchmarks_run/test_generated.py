"""The benchmarks' records are those that the figures claim: the same at each run, in order, of every kind."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

END_US = 1_800_000_000_000_000


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return importlib.import_module("generated")


def test_equal_arguments_give_equal_records(generated: ModuleType) -> None:
    assert list(generated.records(500, END_US)) == list(generated.records(500, END_US))


def test_another_seed_gives_other_calls_of_the_same_features(generated: ModuleType) -> None:
    one, other = (list(generated.records(20_000, END_US, seed=seed)) for seed in (1, 2))
    assert {record.record_id for record in one}.isdisjoint(record.record_id for record in other)
    assert {record.feature_name for record in one} == {record.feature_name for record in other}


def test_records_are_in_order_and_end_before_the_given_moment(generated: ModuleType) -> None:
    starts = [record.start_us for record in generated.records(5_000, END_US)]
    assert starts == sorted(starts)
    assert starts[0] >= END_US - generated.DAYS * generated.DAY_US
    assert starts[-1] < END_US


def test_every_feature_category_status_and_version_occurs(generated: ModuleType) -> None:
    made = list(generated.records(20_000, END_US))
    distinct = {
        name: len(Counter(getattr(record, name) for record in made))
        for name in ("feature_name", "category", "status", "version", "record_id")
    }
    assert distinct == {"feature_name": 200, "category": 10, "status": 4, "version": 2, "record_id": 20_000}
