"""One record is one row of TinyFlux's format, on one physical line, and comes back exactly."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tinyflux import Point

from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.storage.escapes import unescape
from curio_tracking.storage.limits import metadata_text, shorten
from curio_tracking.storage.tinyflux.rows import format_row, parse_row
from curio_tracking.testing import make_record
from curio_tracking.testing.strategies import records

law = settings(max_examples=200, deadline=None)
BUDGET_BYTES = 334
TYPICAL = FeatureRecord(
    record_id="18aa5bd6d7b1c2f0a1b2c3d41",
    feature_name="my_feature",
    category="ai_provider",
    status=FeatureStatus.SUCCESS,
    start_us=1_795_362_434_123_456,
    duration=3.1099989428184927e-07,
    input_size=36,
    output_size=2048,
    efficiency_score=1.0,
    user_id="1:0da2eb3a5dfe24409f9643ef73fbd493",
    thread_id=140_121_288_309_632,
    process_id=30_367,
    host="build-7",
    environment="production",
    metadata={"parameters": {"prompt": {"type": "str", "size": 7}, "model": {"type": "str", "size": 29}}},
)
PLAIN = make_record(metadata={})


def parse(row: str) -> FeatureRecord | None:
    return parse_row(row.removesuffix("\n").encode())


@law
@given(record=records())
@example(record=make_record(user_id="_none", error_message="\\_none", feature_name="_none"))
@example(record=make_record(user_id="", feature_name="", metadata={"": ""}))
@example(record=make_record(start_us=-1, duration=0.0))
@example(record=make_record(input_size=2**53 + 1, output_size=-5))
def test_record_comes_back_equal(record: FeatureRecord) -> None:
    assert parse(format_row(record)) == record


@law
@given(record=records())
def test_row_is_one_physical_line_of_utf8(record: FeatureRecord) -> None:
    row = format_row(record).encode()
    assert row.endswith(b"\n")
    assert row.count(b"\n") == 1
    assert b"\r" not in row


@law
@given(record=records())
def test_row_begins_with_the_day_of_the_start(record: FeatureRecord) -> None:
    assert format_row(record)[:26] == record.start_time.replace(tzinfo=None).isoformat(timespec="microseconds")


@law
@given(record=records())
def test_stock_tinyflux_reads_the_same_values(record: FeatureRecord) -> None:
    (cells,) = csv.reader([format_row(record)])
    point = Point()._deserialize_from_list(cells)
    assert point.time == record.start_time
    assert unescape(point.measurement) == record.feature_name
    tags = {key: unescape(value) for key, value in point.tags.items() if key not in "mr"}
    assert tags == {
        key: value
        for key, value in {
            "i": record.record_id,
            "c": record.category,
            "s": record.status.value,
            "u": record.user_id,
            "n": record.session_id,
            "p": record.parent_id,
            "h": record.host,
            "a": record.app,
            "v": record.version,
            "e": record.environment,
            "x": record.error_type,
            "y": record.error_message,
        }.items()
        if value is not None
    }
    assert metadata_of(point) == record.metadata
    assert point.fields == {
        key: value
        for key, value in {
            "d": record.duration,
            "i": record.input_size,
            "o": record.output_size,
            "e": record.efficiency_score,
            "n": None if record.iterations == 1 else record.iterations,
            "t": record.thread_id,
            "p": record.process_id,
            "c": record.cpu_seconds,
            "b": record.memory_bytes,
            "w": None if record.sample_weight == 1 else record.sample_weight,
        }.items()
        if value is not None
    }


@law
@given(record=records(), size=st.none() | st.integers(0, 2**53))
def test_row_that_stock_tinyflux_wrote_again_is_still_understood(record: FeatureRecord, size: int | None) -> None:
    # its writer makes floats of integers: exact only as far as floats are
    record = replace(
        record, input_size=size, output_size=size, thread_id=size, process_id=size, memory_bytes=size, iterations=3
    )
    (cells,) = csv.reader([format_row(record)])
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow(Point()._deserialize_from_list(cells)._serialize_to_list(compact_key_prefixes=True))
    assert parse_row(stream.getvalue().encode().removesuffix(b"\n")) == record


def test_columns_at_their_default_are_left_out() -> None:
    assert format_row(TYPICAL) == (
        "2026-11-22T15:47:14.123456,my_feature,t_i,18aa5bd6d7b1c2f0a1b2c3d41,t_c,ai_provider,t_s,success,"
        "t_u,1:0da2eb3a5dfe24409f9643ef73fbd493,t_h,build-7,t_e,production,"
        "t_r,prompt:str:7;model:str:29,"
        "f_d,3.1099989428184927e-07,f_i,36,f_o,2048,f_e,1.0,f_t,140121288309632,f_p,30367\n"
    )


def test_typical_record_fits_the_budget() -> None:
    assert len(format_row(TYPICAL).encode()) <= BUDGET_BYTES


def test_longer_values_than_csv_readers_take_are_cut_before_they_are_written() -> None:
    record = make_record(error_message="x" * 300_000, metadata={"large": "y" * 300_000, "small": 1})
    row = format_row(record)
    assert parse(row) == shorten(record)
    (cells,) = csv.reader([row])
    assert json.loads(cells[cells.index("t_m") + 1].replace(";", ",")) == {
        "small": 1,
        "_truncated": ["error_message", "large"],
    }


def test_text_that_only_its_escapes_make_too_long_is_cut_too() -> None:
    row = format_row(make_record(error_message="\n" * 100_000))
    (cells,) = csv.reader([row])
    assert max(map(len, cells)) <= csv.field_size_limit()


def test_more_texts_than_are_remembered_are_written_as_they_are() -> None:
    for number in range(5_000):
        assert f",t_u,user{number}," in format_row(make_record(user_id=f"user{number}"))


def test_semicolons_count_for_what_they_take_in_a_row() -> None:
    found = parse(format_row(make_record(metadata={"large": ";" * 100_000, "small": 1})))
    assert found is not None
    assert found.metadata == {"small": 1, "_truncated": ["large"]}


@pytest.mark.parametrize("name", ["host", "environment"])
def test_long_context_is_cut_too(name: str) -> None:
    found = parse(format_row(make_record(**{name: "x" * 200_000})))
    assert found is not None
    assert found.metadata["_truncated"] == [name]


def test_truth_values_are_stored_as_numbers() -> None:
    found = parse(format_row(make_record(input_size=True)))
    assert found is not None
    assert found.input_size == 1


@pytest.mark.parametrize("changes", [{"input_size": "7"}, {"output_size": 7.5}, {"start_us": "now"}], ids=str)
def test_what_is_no_number_is_refused_before_it_is_written(changes: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        format_row(make_record(**changes))


@pytest.mark.parametrize(
    "row",
    [
        "",
        ",",
        "x",
        "\x00\x00\x00",
        format_row(PLAIN).replace("f_d,0.25", "f_d,0.2x"),
        format_row(PLAIN).replace("f_d,0.25", "f_d,_none"),
        format_row(PLAIN).replace("f_d,", "f_z,"),
        format_row(PLAIN).replace("t_s,success", "t_s,done"),
        format_row(PLAIN).replace("t_s,success", "t_s,_none"),
        format_row(PLAIN).replace("t_i,", "t_q,"),
        format_row(PLAIN).replace("t_c,file_operation", "t_c,_none"),
        format_row(PLAIN).replace("2026-", "26-"),
        format_row(PLAIN).replace("2026-05-28", "2026-05-32"),
        format_row(PLAIN).replace("f_i,27", "f_i"),
        format_row(PLAIN).replace("f_i,27", "f_i,27,f_o"),
        format_row(PLAIN).replace("f_i,27", "f_i,2.7"),
        format_row(PLAIN).replace(",f_d", ',t_m,{"a":1,f_d'),
        format_row(PLAIN).replace(",f_d", ",t_m,[1],f_d"),
        format_row(PLAIN).replace(",f_d", ",t_r,a:b,f_d"),
        format_row(PLAIN).replace(",f_d", ",t_r,a:b:c,f_d"),
        format_row(PLAIN).replace(",f_d", ",t_r,a:b:1:2,f_d"),
        format_row(PLAIN).replace(",f_d", ",t_m,{} {},f_d"),
        format_row(PLAIN).replace("import_csv", '"import_csv'),
        format_row(make_record(duration=1.0)) + format_row(make_record(duration=2.0)),
    ],
)
def test_damaged_row_is_no_record(row: str) -> None:
    assert row != format_row(PLAIN)
    assert parse(row) is None


def test_row_with_every_column_that_lost_its_last_value_is_no_record() -> None:
    full = make_record(
        **dict.fromkeys(("session_id", "parent_id", "host", "app", "version", "environment"), "x"),
        **dict.fromkeys(("error_type", "error_message"), "x"),
        **dict.fromkeys(("output_size", "thread_id", "process_id", "memory_bytes", "iterations"), 7),
        **dict.fromkeys(("efficiency_score", "cpu_seconds"), 0.5),
        sample_weight=8.0,
    )
    row = format_row(full)
    assert parse(row) == full
    assert parse(row.replace(",f_w,8.0", ",f_w")) is None


def test_row_of_invalid_utf8_is_no_record() -> None:
    assert parse_row(format_row(PLAIN).encode().replace(b"import", b"\xff\xfe")) is None


@settings(max_examples=500, deadline=None)
@given(
    row=st.binary(max_size=80)
    | st.text(st.sampled_from('0123456789-T:.,"\\tf_icsd\n\r{}'), max_size=80).map(str.encode)
)
def test_garbage_never_raises(row: bytes) -> None:
    assert parse_row(row) is None


def test_unknown_columns_of_a_later_version_are_passed_over() -> None:
    row = format_row(PLAIN).replace(",f_d", ",t_zz,news,f_d").replace("\n", ",f_yy,7\n")
    assert parse(row) == PLAIN


def metadata_of(point: Point) -> dict[str, object]:
    """Do by hand what the module's docstring tells users of TinyFlux."""
    metadata = json.loads(point.tags.get("m", "{}").replace(";", ","))
    if "r" in point.tags:
        parts = [part.split(":") for part in point.tags["r"].split(";")]
        metadata["parameters"] = {
            name: {"type": kind, "size": int(size)} if size else {"type": kind} for name, kind, size in parts
        }
    return metadata


@pytest.mark.parametrize(
    ("metadata", "cells"),
    [
        ({"parameters": {"limit": {"type": "int"}}}, ",t_r,limit:int:,"),
        ({"parameters": {"a": {"type": "str", "size": 0}}, "k": 1}, ',t_r,a:str:0,t_m,{"k":1},'),
        ({"k": 1, "parameters": {"a": {"type": "str", "size": 0}}}, ',t_r,a:str:0,t_m,{"k":1},'),
        ({"parameters": {}}, ',t_m,{"parameters":{}},'),
        ({"parameters": None}, ',t_m,{"parameters":null},'),
        ({"parameters": {"a": {"type": "str", "value": 1}}}, ',t_m,{"parameters":'),
        ({"parameters": {"a": {"type": "str", "size": None}}}, ',t_m,{"parameters":'),
        ({"parameters": {"a": {"type": "str", "size": True}}}, ',t_m,{"parameters":'),
        ({"parameters": {"a": {"type": "str", "size": 1.0}}}, ',t_m,{"parameters":'),
        ({"parameters": {"a": {"type": 7}}}, ',t_m,{"parameters":'),
        ({"parameters": {"a": {"size": 7}}}, ',t_m,{"parameters":'),
        ({"parameters": {"a": "redacted"}}, ',t_m,{"parameters":'),
        ({"parameters": {"a:b": {"type": "str"}}}, ',t_m,{"parameters":'),
        ({"parameters": {"": {"type": "str"}}}, ',t_m,{"parameters":'),
        ({"parameters": {"a": {"type": "a,b"}}}, ',t_m,{"parameters":'),
        ({"parameters": {"naïve": {"type": "str"}}}, ',t_m,{"parameters":'),
        ({"parameters": {"a": {"type": "str"}, "b": 1}}, ',t_m,{"parameters":'),
        ({"parameters": {"_none": {"type": "_none"}}}, ",t_r,_none:_none:,"),
    ],
    ids=str,
)
def test_plain_shapes_are_short_and_all_others_json(metadata: dict[str, object], cells: str) -> None:
    row = format_row(make_record(metadata=metadata))
    assert cells in row
    found = parse(row)
    assert found is not None
    # repr: True and 1.0 would pass for 1
    assert sorted(map(repr, found.metadata.items())) == sorted(map(repr, metadata.items()))


def test_metadata_needs_no_csv_quotes() -> None:
    row = format_row(make_record(metadata={"list": [1, 2], "text": "a,b;c"}))
    assert ',t_m,{"list":[1;2];"text":"a;b\\u003bc"},' in row
    assert metadata_text({"text": "a,b;c"}) == '{"text":"a,b;c"}'
