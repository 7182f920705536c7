from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.testing.strategies import metadata, texts
from curio_tracking_parquet.texts import metadata_json, original_text, storable_text

near_escapes = st.lists(st.sampled_from(["\\", "ud800", "ud", "udfff", "u", "\ud800", "\udfff", "a", "😀"])).map(
    "".join
)


@given(texts() | near_escapes)
def test_any_text_comes_back_exactly(text: str) -> None:
    assert original_text(storable_text(text)) == text


@given(texts() | near_escapes)
def test_any_text_becomes_utf8(text: str) -> None:
    storable_text(text).encode()


@pytest.mark.parametrize(
    "text", ["", "plain", "naïve 名前 😀", r"c:\users\ud", r"\n \u00e9", "a\0b\x1b[31m", r"\ud7ff"]
)
def test_text_without_surrogates_stays_as_it_is(text: str) -> None:
    assert storable_text(text) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("caf\udce9", r"caf\udce9"),
        (r"\udce9", r"\\udce9"),
        ("\\" + "\udce9", r"\\\udce9"),
        ("\ud83d\ude00", r"\ud83d\ude00"),
    ],
)
def test_surrogate_is_written_as_an_escape(text: str, stored: str) -> None:
    assert storable_text(text) == stored


@given(metadata())
def test_metadata_is_json_that_holds_the_same(values: dict[str, object]) -> None:
    assert json.loads(metadata_json(values).encode()) == values


def test_huge_integer_keeps_its_digits_in_metadata() -> None:
    assert metadata_json({"number": 10**400}) == '{"number":1' + "0" * 400 + "}"


def test_number_that_json_does_not_know_becomes_null() -> None:
    assert metadata_json({"a": [math.nan, 1.5], "b": {"c": -math.inf}}) == '{"a":[null,1.5],"b":{"c":null}}'


def test_metadata_that_cannot_be_written_is_named_and_the_rest_stays() -> None:
    deep: list[object] = []
    for _level in range(100_000):
        deep = [deep]
    text = metadata_json({"rows": 3, "deep": deep, "_truncated": ["before"]})
    assert json.loads(text) == {"rows": 3, "_truncated": ["before", "deep"]}
