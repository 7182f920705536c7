"""The checksum depends on what the records say, and on nothing else."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.migrating.checksum import Tally, digest, tally
from curio_tracking.records import RECORD_FIELDS, FeatureRecord, FeatureStatus
from curio_tracking.testing.filters import make_record
from curio_tracking.testing.strategies import batches, records


def tally_of(batch: list[FeatureRecord]) -> Tally:
    return tally(map(digest, batch))


@given(data=st.data())
def test_order_makes_no_difference(data: st.DataObject) -> None:
    batch = data.draw(batches())
    assert tally_of(batch) == tally_of(data.draw(st.permutations(batch)))


@given(first=batches(), second=batches())
def test_tally_of_two_parts_is_that_of_the_whole(first: list[FeatureRecord], second: list[FeatureRecord]) -> None:
    assert tally_of(first).plus(tally_of(second)) == tally_of(first + second)


@given(one=records())
def test_equal_records_have_equal_digests(one: FeatureRecord) -> None:
    assert digest(one) == digest(deepcopy(one))


@given(one=records(), other=records())
def test_different_records_have_different_digests(one: FeatureRecord, other: FeatureRecord) -> None:
    assert (digest(one) == digest(other)) == (one == other)


CHANGED: dict[str, Any] = {
    **dict.fromkeys((spec.name for spec in fields(FeatureRecord) if spec.name in RECORD_FIELDS), "another"),
    "status": FeatureStatus.PARTIAL,
    "start_us": 7,
    "iterations": 7,
    "metadata": {"a": {"b": 1}},
    **dict.fromkeys(("duration", "efficiency_score", "cpu_seconds", "sample_weight"), 0.125),
    **dict.fromkeys(("input_size", "output_size", "thread_id", "process_id", "memory_bytes"), 77),
}


@pytest.mark.parametrize("name", RECORD_FIELDS)
def test_every_stored_field_counts(name: str) -> None:
    assert digest(make_record(1)) != digest(replace(make_record(1), **{name: CHANGED[name]}))


def test_record_that_comes_twice_counts_twice() -> None:
    twice = tally_of([make_record(1), make_record(1), make_record(2)])
    assert twice.checksum not in (tally_of([make_record(2)]).checksum, tally_of([make_record(1)]).checksum)


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (0.0, -0.0)])
def test_numbers_that_are_equal_count_as_equal(one: float, other: float) -> None:
    assert digest(make_record(1, duration=one)) == digest(make_record(1, duration=other))


def test_order_of_metadata_keys_makes_no_difference() -> None:
    assert digest(make_record(1, metadata={"a": 1, "b": 2})) == digest(make_record(1, metadata={"b": 2, "a": 1}))


def test_text_has_32_digits() -> None:
    assert Tally(1, 10).text == "0" * 31 + "a"
