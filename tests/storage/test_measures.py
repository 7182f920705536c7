"""What totals take out of a row is what its record says, for every row, also a damaged one."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tinyflux.measures import measure
from curio_tracking.storage.tinyflux.pattern import FIELDS, TAGS, usual_values
from curio_tracking.storage.tinyflux.rollups.cells import key_and_measure
from curio_tracking.storage.tinyflux.rows import format_row, other_values, parse_row
from curio_tracking.testing import make_record
from curio_tracking.testing.strategies import records

law = settings(max_examples=300, deadline=None)
USUAL = make_record(
    user_id="1:0da2eb3a5dfe24409f9643ef73fbd493",
    app="shop",
    version="1.0",
    output_size=7,
    sample_weight=2.5,
    metadata={"parameters": {"prompt": {"type": "str", "size": 7}, "flag": {"type": "bool"}}, "plan": "pro"},
)
PIECES = st.sampled_from(
    [b"", b",", b'"', b",,", b"\\", b"_none", b"9" * 30, b"e999", b"nan", b"-1", b"\xff", b";", b"x"]
)


def row(record: FeatureRecord) -> bytes:
    return format_row(record).encode().removesuffix(b"\n")


def agrees(line: bytes) -> bool:
    """Whether the totals count a line as its record, or pass it over because it is none."""
    record = parse_row(line)
    expected = ([], [line]) if record is None else ([key_and_measure(record)], [])
    return measure([line]) == expected


@law
@given(record=records())
@example(record=USUAL)
@example(record=make_record(start_us=-1, duration=0.0))
@example(record=make_record(feature_name="_none", user_id='"', metadata={"text": 'a,"b'}))
def test_measure_of_a_row_is_that_of_its_record(record: FeatureRecord) -> None:
    assert agrees(row(record))


@law
@given(record=records() | st.just(USUAL), place=st.floats(0, 1), length=st.integers(0, 4), piece=PIECES)
def test_damaged_row_is_counted_if_and_only_if_it_is_a_record(
    record: FeatureRecord, place: float, length: int, piece: bytes
) -> None:
    line = row(record)
    begin = int(place * len(line))
    assert agrees(line[:begin] + piece + line[begin + length :])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"f_d,0.25", b"f_d,1e999"),
        (b"f_d,0.25", b"f_d,nan"),
        (b"f_d,0.25", b"f_d,-0.25"),
        (b"f_w,2.5", b"f_w,1e999"),
        (b"t_s,success", b"t_s,finished"),
        (b"-", b"-9"),
        (b"T", b"T9"),
        (b'{"plan":"pro"}', b"{"),
        (b'{"plan":"pro"}', b"[]"),
        (b"prompt:str:7", b"prompt:str"),
        (b"flag:bool:", b"flag:bool:x"),
        (b"f_o,7", b"f_o,7.0"),
        (b"f_o,7", b"f_o,7.5"),
        (b"f_o,7", b"f_o," + b"9" * 5000),
        (b"t_a,shop", b"t_a,_none"),
        (b"t_a,shop", b't_a,"shop"'),
        (b"t_a,shop", b"t_a,"),
        (b"t_a,shop,t_v,1.0", b"t_v,1.0,t_a,shop"),
    ],
)
def test_change_of_one_column_is_seen_as_a_reader_sees_it(old: bytes, new: bytes) -> None:
    line = row(USUAL)
    assert old in line
    assert agrees(line.replace(old, new, 1))


@law
@given(record=records())
@example(record=USUAL)
def test_pattern_takes_a_row_apart_as_a_csv_reader_does(record: FeatureRecord) -> None:
    text = format_row(record).removesuffix("\n")
    values = usual_values(text)
    assert values is None or list(values) == other_values(text)


def test_row_with_every_column_is_a_usual_one() -> None:
    whole = make_record(
        **dict.fromkeys(("user_id", "session_id", "parent_id", "host", "app", "version", "environment"), "text"),
        **dict.fromkeys(("error_type", "error_message"), "text"),
        **dict.fromkeys(("input_size", "output_size", "thread_id", "process_id", "memory_bytes"), 1),
        **dict.fromkeys(("duration", "efficiency_score", "cpu_seconds", "sample_weight"), 1e-09),
        iterations=2,
        metadata=USUAL.metadata,
    )
    values = usual_values(format_row(whole).removesuffix("\n"))
    assert values is not None
    assert len(values) == 2 + len(TAGS) + len(FIELDS)
    assert None not in values
