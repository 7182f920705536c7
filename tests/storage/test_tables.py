"""Records as CSV: what spreadsheets open without running anything, and what reads back exactly."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curio_tracking.errors import StorageError
from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.storage.limits import MAX_FIELD_CHARACTERS
from curio_tracking.storage.tables import COLUMNS, RecordTable, plain_text, read_csv, safe_text, write_csv
from curio_tracking.testing import make_record
from curio_tracking.testing.strategies import batches, records, texts

law = settings(deadline=None)
DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@sum(a1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20a",
]
HARMLESS = ["plain", "a=b", "naïve 名前 😀", 'say "hi", please', "two\nlines", "c:\\new", "\\", "1-2", "x\ty"]


def csv_of(batch: list[FeatureRecord]) -> str:
    stream = io.StringIO(newline="")
    assert write_csv(batch, stream) == len(batch)
    return stream.getvalue()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


# -- cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one_line", [False, True])
@settings(max_examples=300, deadline=None)
@given(text=texts())
def test_cell_turns_back_into_the_text(one_line: bool, text: str) -> None:
    assert plain_text(safe_text(text, one_line=one_line)) == text


@pytest.mark.parametrize("one_line", [False, True])
@law
@given(start=st.sampled_from("=+-@\t\r\n '\uff1d\uff0b\uff0d\uff20"), text=st.text())
def test_cell_never_begins_like_a_formula(one_line: bool, start: str, text: str) -> None:
    assert safe_text(start + text, one_line=one_line).startswith("'")


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_would_run_is_marked(text: str) -> None:
    cell = safe_text(text)
    assert cell.startswith("'")
    assert plain_text(cell) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_left_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@law
@given(text=texts())
def test_cell_for_one_line_has_no_line_break(text: str) -> None:
    assert not set(safe_text(text, one_line=True).encode()) & {*range(32), 127}


@law
@given(text=texts())
def test_cell_is_valid_utf8(text: str) -> None:
    assert safe_text(text).encode().decode() == safe_text(text)


def test_empty_text_differs_from_none() -> None:
    (row,) = rows_of(csv_of([make_record(user_id="", session_id=None)]))
    assert (row["user_id"], row["session_id"]) == ("'", "")


# -- tables ---------------------------------------------------------------------------------------------------------


@law
@given(batch=batches(largest=5))
def test_written_records_are_read_back(batch: list[FeatureRecord]) -> None:
    assert list(read_csv(io.StringIO(csv_of(batch), newline=""))) == batch


@law
@given(record=records())
def test_row_has_a_cell_per_column_and_never_a_formula(record: FeatureRecord) -> None:
    cells = RecordTable().row(record)
    assert len(cells) == len(COLUMNS)
    numbers = {"output_size", "input_size", "duration", "cpu_seconds"}
    assert not any(
        cell[:1] in tuple("=+-@\t\r") for name, cell in zip(COLUMNS, cells, strict=True) if cell and name not in numbers
    )


def test_table_is_rfc_4180_with_the_public_names() -> None:
    text = csv_of([make_record(error_message='say "hi",\nplease')])
    header, first, *_ = text.split("\r\n")
    assert header.split(",") == list(make_record().as_dict()) == list(COLUMNS)
    assert '"say ""hi"",\nplease"' in first
    assert text.endswith("\r\n")


def test_values_are_those_of_the_dictionary_form() -> None:
    record = make_record(status=FeatureStatus.FAILED, cpu_seconds=0.5)
    (row,) = rows_of(csv_of([record]))
    expected = record.as_dict()
    assert json.loads(row.pop("metadata")) == expected.pop("metadata")
    assert row == {name: "" if value is None else str(value) for name, value in expected.items()}


def test_line_breaks_stay_readable_for_people() -> None:
    (row,) = rows_of(csv_of([make_record(error_message="first\nsecond")]))
    assert row["error_message"] == "first\nsecond"


def test_longer_values_than_readers_take_are_cut() -> None:
    text = csv_of([make_record(error_message="=" * 200_000, metadata={"key": "v" * 200_000})])
    (row,) = rows_of(text)
    assert MAX_FIELD_CHARACTERS / 2 < len(row["error_message"]) <= MAX_FIELD_CHARACTERS
    assert json.loads(row["metadata"]) == {"_truncated": ["error_message", "key"]}


# -- reading --------------------------------------------------------------------------------------------------------


def read(text: str) -> tuple[list[FeatureRecord], list[tuple[int, str]]]:
    skipped: list[tuple[int, str]] = []
    found = list(read_csv(io.StringIO(text, newline=""), lambda line, problem: skipped.append((line, problem))))
    return found, skipped


def change(name: str, value: str) -> Callable[[list[str]], list[str]]:
    return lambda cells: [value if column == name else cell for column, cell in zip(COLUMNS, cells, strict=True)]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda cells: cells[:-1], "24 cells instead of 25"),
        (lambda cells: [*cells, "more"], "26 cells instead of 25"),
        (change("duration", "fast"), 'duration has no usable value: "fast"'),
        (change("duration", ""), 'duration has no usable value: ""'),
        (change("input_size", "2.5"), "input_size has no usable value"),
        (change("status", "done"), "'done' is not a valid FeatureStatus"),
        (change("start_time", "yesterday"), "Invalid isoformat string"),
        (change("metadata", "[1]"), "metadata has no usable value"),
        (change("metadata", "{"), "metadata has no usable value"),
        (change("metadata", "[" * 100_000), "metadata has no usable value"),
        (change("user_id", "u" * 200_000), "field larger than field limit"),
    ],
)
def test_row_that_is_no_record_is_named_and_the_others_read(
    damage: Callable[[list[str]], list[str]], problem: str
) -> None:
    stream = io.StringIO(newline="")
    table = RecordTable()
    csv.writer(stream).writerows(
        [COLUMNS, table.row(make_record(1)), damage(table.row(make_record(2))), table.row(make_record(3))]
    )
    found, skipped = read(stream.getvalue())
    assert found == [make_record(1), make_record(3)]
    ((line, message),) = skipped
    assert line == 3
    assert problem in message


def test_columns_may_come_in_another_order_and_with_strangers() -> None:
    header, cells = list(COLUMNS), RecordTable().row(make_record())
    pairs = [*sorted(zip(header, cells, strict=True), reverse=True), ("notes", "=1")]
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(zip(*pairs, strict=True))
    assert read(stream.getvalue()) == ([make_record()], [])


def test_optional_columns_may_be_missing() -> None:
    text = (
        "record_id,feature_name,category,status,start_time,duration\r\n"
        "i,f,other,success,2026-11-22T10:00:00Z,1.5\r\n\r\n"
    )
    ((record,), skipped) = read(text)
    assert (record.feature_name, record.duration, record.iterations, record.metadata) == ("f", 1.5, 1, {})
    assert skipped == []


@pytest.mark.parametrize("text", ["", "\r\n", "name,value\r\na,1\r\n", "record_id,feature_name\r\n"])
def test_file_without_the_header_is_refused_with_advice(text: str) -> None:
    with pytest.raises(StorageError, match=r"no table of records: .* no column .*duration.*exported as csv"):
        read(text)
