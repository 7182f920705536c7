"""Size: metadata is always valid JSON, always within its bytes, and says what was cut."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.privacy.size import LONGEST_MESSAGE, MAX_DEPTH, TRUNCATED, Size, byte_length, create
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record, odd_records

TEXTS = st.text(st.characters(codec=None), max_size=200)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.binary(max_size=20)
KEYS = TEXTS | st.integers() | st.none() | st.booleans() | st.floats()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5) | st.tuples(inner, inner),
    max_leaves=25,
)
METADATA = st.dictionaries(KEYS, VALUES, max_size=8)


def sized(metadata: dict[Any, Any], limit: int = 10_240) -> dict[str, Any]:
    return Size(limit).apply(make_record(metadata=metadata)).metadata


@given(METADATA, st.integers(2, 400) | st.just(10_240))
def test_the_json_always_fits_and_reads_back_equal(metadata: dict[Any, Any], limit: int) -> None:
    result = sized(metadata, limit)
    text = json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    assert len(text.encode()) <= limit
    assert json.loads(text) == result


@given(METADATA)
def test_doing_it_twice_changes_nothing_more(metadata: dict[Any, Any]) -> None:
    once = sized(metadata)
    assert sized(once) == once


@given(st.dictionaries(st.text(max_size=5), st.text('ab"\\\n\0é🎉', max_size=100), max_size=5))
def test_what_fits_is_left_as_it_is(metadata: dict[str, str]) -> None:
    limit = byte_length(metadata)
    assert sized(metadata, limit) == metadata


@pytest.mark.parametrize("limit", range(2, 120))
def test_small_limits_hold(limit: int) -> None:
    metadata = {"a": "x" * 500, "b": [1, 2, 3], "_folded": 7, "parameters": {"p": {"type": "str", "size": 3}}}
    assert byte_length(sized(metadata, limit)) <= limit


def test_the_smallest_limit_leaves_an_empty_dict() -> None:
    assert sized({"a": 1}, 2) == {}


def test_long_texts_are_shortened_before_keys_are_dropped() -> None:
    result = sized({"long": "x" * 50_000, "rows": 3}, 1_000)
    assert result["long"].startswith("xxx")
    assert result["long"].endswith("…")
    assert result["rows"] == 3


def test_what_was_shortened_is_listed() -> None:
    metadata = {"config": {"inner": ["x" * 5_000]}, "parameters": {"prompt": {"type": "str", "value": "y" * 5_000}}}
    assert sized(metadata, 1_000)[TRUNCATED] == ["config.inner", "parameters.prompt.value"]


def test_the_largest_keys_go_first_and_are_listed() -> None:
    metadata = {"large": list(range(400)), "small": list(range(10)), "tiny": 1}
    result = sized(metadata, 200)
    assert result == {"small": list(range(10)), "tiny": 1, TRUNCATED: ["large"]}


def test_parameters_go_one_by_one() -> None:
    parameters = {"rows": {"type": "int"}, "table": {"type": "list", "value": list(range(400))}}
    result = sized({"parameters": parameters}, 200)
    assert result == {"parameters": {"rows": {"type": "int"}}, TRUNCATED: ["parameters.table"]}


def test_the_count_of_folded_calls_goes_last() -> None:
    metadata = {"_folded": 700, **{f"key_{number}": number for number in range(100)}}
    assert sized(metadata, 64)["_folded"] == 700


def test_the_list_of_what_was_cut_is_bounded_itself() -> None:
    result = sized({f"{'key' * 30}_{number}": "x" * 100 for number in range(500)}, 2_000)
    assert byte_length(result) <= 2_000
    assert byte_length(result[TRUNCATED]) <= 600
    assert result[TRUNCATED][-1] == "…"


class Colour(enum.IntEnum):
    RED = 1


class Verbose:
    """What must never be called in the host."""

    def __repr__(self) -> str:
        raise AssertionError

    __str__ = __repr__


class Word(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (b"secret", "<bytes>"),
        (Verbose(), "<Verbose>"),
        (Verbose, "<type>"),
        (Word("text"), "text"),
        (Colour.RED, 1),
        (10**400, "<int>"),
        (2**63, 2**63),
        (1 + 2j, "<complex>"),
        (uuid.UUID(int=0), "<UUID>"),
        (dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), "2026-11-01T12:00:00+00:00"),
        (dt.date(2026, 11, 1), "2026-11-01"),
        ("a\ud800b", "a?b"),
        ((1, (2,)), [1, [2]]),
        ({3}, [3]),
    ],
)
def test_values_become_plain_json(value: object, expected: object) -> None:
    assert sized({"value": value, "list": [value]}) == {"value": expected, "list": [expected]}


@pytest.mark.parametrize(
    ("key", "expected"),
    [(1, "1"), (None, "null"), (True, "true"), (2.5, "2.5"), ((1, 2), "<tuple>"), ("\ud800", "?"), (math.nan, "nan")],
)
def test_keys_become_text(key: object, expected: str) -> None:
    assert sized({key: 0}) == {expected: 0}


def test_what_is_too_deep_is_cut() -> None:
    value: Any = "end"
    for _ in range(MAX_DEPTH + 20):
        value = {"inner": value}
    text = json.dumps(sized({"deep": value}), ensure_ascii=False)
    assert "…" in text
    assert "end" not in text


def test_cycles_come_to_an_end() -> None:
    loop: list[Any] = []
    loop += [loop, loop]
    assert byte_length(sized({"loop": loop})) <= 10_240


def test_error_messages_are_cut() -> None:
    record = Size(100).apply(make_record(error_message="é" * 5_000))
    assert record.error_message == "é" * (LONGEST_MESSAGE - 1) + "…"


def test_a_short_error_message_stays_as_it_is() -> None:
    assert Size(100).apply(make_record(error_message="no\nluck")).error_message == "no\nluck"


@pytest.mark.parametrize("name", ["feature_name", "category", "user_id", "session_id", "error_type", "error_message"])
def test_lone_surrogates_are_replaced_in_every_text(name: str) -> None:
    record = Size(100).apply(make_record(**{name: "a\udc80b"}))
    assert getattr(record, name) == "a?b"


def test_the_setting_gives_the_limit() -> None:
    record_filter = create(load_settings({"max_metadata_size": 50}, strict=True))
    assert byte_length(record_filter.apply(make_record(metadata={"a": "x" * 100})).metadata) <= 50


@pytest.mark.parametrize("limit", [2, 100, 10_240, 131_072])
def test_odd_records_fit(limit: int) -> None:
    assert all(byte_length(Size(limit).apply(record).metadata) <= limit for _oddity, record in odd_records())
