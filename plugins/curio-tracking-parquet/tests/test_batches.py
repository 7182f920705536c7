from __future__ import annotations

import logging
from fractions import Fraction

import pytest

from curio_tracking.testing.filters import make_record
from curio_tracking_parquet import UnwritableRecordError
from curio_tracking_parquet.batches import RECORDS_PER_BATCH, batches


def column(name: str, *values: object) -> list[object]:
    (batch,) = batches([make_record(number, **{name: value}) for number, value in enumerate(values)])
    return batch.column(name).to_pylist()


@pytest.mark.parametrize(
    ("number", "stored"),
    [(2**63 - 1, 2**63 - 1), (2**63, 2**63 - 1), (10**400, 2**63 - 1), (-(2**63) - 1, -(2**63))],
)
def test_integer_beyond_64_bits_becomes_the_nearest_that_fits(number: int, stored: int) -> None:
    assert column("input_size", 1, number, None) == [1, stored, None]


def test_integer_beyond_64_bits_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    records = [make_record(number, input_size=2**70) for number in range(RECORDS_PER_BATCH + 1)]
    with caplog.at_level(logging.WARNING, "curio_tracking"):
        assert len(list(batches(records))) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "input_size: numbers beyond 64 bits are written as the nearest that fit"
    ]


@pytest.mark.parametrize("name", ["duration", "efficiency_score", "sample_weight"])
def test_integer_in_a_column_of_floats_is_a_float(name: str) -> None:
    assert column(name, 0.5, 2, 2**53 + 1) == [0.5, 2.0, float(2**53 + 1)]


def test_other_kinds_of_numbers_are_taken_by_value() -> None:
    assert column("duration", Fraction(1, 4)) == [0.25]
    assert column("input_size", 3.0) == [3]


def test_value_that_is_no_number_is_named_with_its_record() -> None:
    with pytest.raises(
        UnwritableRecordError, match="record record-00000001: input_size holds 'many', which is no int64"
    ):
        column("input_size", 1, "many")


def test_number_is_not_rounded_silently() -> None:
    with pytest.raises(UnwritableRecordError, match=r"iterations holds 1\.5"):
        column("iterations", 1.5)


def test_object_in_a_column_of_texts_is_its_text() -> None:
    assert column("version", 3, "1.0", None) == ["3", "1.0", None]


@pytest.mark.parametrize("name", ["category", "feature_name"])
def test_surrogate_is_escaped_in_texts_and_dictionaries(name: str) -> None:
    assert column(name, "a", "caf\udce9", r"\udce9") == ["a", r"caf\udce9", r"\\udce9"]


def test_records_are_taken_a_batch_at_a_time() -> None:
    taken = []
    source = (taken.append(number) or make_record(number) for number in range(10 * RECORDS_PER_BATCH))
    next(batches(source))
    assert len(taken) == RECORDS_PER_BATCH
