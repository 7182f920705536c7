"""Any text fits on one line and comes back; no value is longer than readers of CSV accept."""

from __future__ import annotations

import csv
import json

import pytest
from hypothesis import given, settings

from curio_tracking.records import FeatureRecord
from curio_tracking.storage.escapes import escape, escape_surrogates, unescape
from curio_tracking.storage.limits import MAX_FIELD_CHARACTERS, metadata_text, shorten
from curio_tracking.testing import make_record
from curio_tracking.testing.strategies import json_texts, metadata, records, texts

law = settings(deadline=None)


@law
@given(text=texts())
def test_escaped_text_comes_back(text: str) -> None:
    assert unescape(escape(text)) == text


@law
@given(text=texts())
def test_escaped_text_is_one_line_of_utf8(text: str) -> None:
    escaped = escape(text)
    assert not set(escaped.encode()) & {*range(32), 127}


@pytest.mark.parametrize("text", ["plain", "naïve 名前 😀", "a,b", 'say "hi"', "\u2028"])
def test_ordinary_text_stays_readable(text: str) -> None:
    assert escape(text) == text


@law
@given(text=json_texts())
def test_json_with_surrogates_means_the_same(text: str) -> None:
    raw = json.dumps(text, ensure_ascii=False)
    assert json.loads(escape_surrogates(raw).encode()) == text


@law
@given(value=metadata())
def test_metadata_text_is_json_on_one_line(value: dict[str, object]) -> None:
    encoded = metadata_text(value).encode()
    assert json.loads(encoded) == value
    assert b"\n" not in encoded
    assert b"\r" not in encoded


def test_values_unknown_to_json_are_kept_as_text() -> None:
    assert json.loads(metadata_text({"kind": {1}, "more": [complex(1, 2)]})) == {"kind": "{1}", "more": ["(1+2j)"]}


def test_what_cannot_be_written_is_named_and_the_rest_kept() -> None:
    circle: list[object] = []
    circle.append(circle)
    deep: list[object] = []
    for _level in range(100_000):
        deep = [deep]
    found = json.loads(metadata_text({"good": 1, "circle": circle, "deep": deep, (1, 2): 3}))
    assert found == {"good": 1, "(1, 2)": 3, "_truncated": ["circle", "deep"]}


def test_limit_is_that_of_the_csv_module() -> None:
    assert csv.field_size_limit() == MAX_FIELD_CHARACTERS


@law
@given(record=records())
def test_ordinary_record_is_not_shortened(record: FeatureRecord) -> None:
    assert shorten(record) == record


@pytest.mark.parametrize("filling", ["x", "\n", "\x00", "\ud800", ";"])
@pytest.mark.parametrize("name", ["error_message", "feature_name", "user_id", "host"])
def test_long_text_is_cut_and_named(name: str, filling: str) -> None:
    record = make_record(metadata={"key": 1, "_truncated": ["before"]}, **{name: filling * 200_000})
    short = shorten(record)
    text = getattr(short, name)
    assert len(escape(text)) <= MAX_FIELD_CHARACTERS
    assert len(escape(text)) > MAX_FIELD_CHARACTERS / 4
    assert record.error_message is None or record.error_message.startswith(text)
    assert short.metadata == {"key": 1, "_truncated": ["before", name]}
    assert len(getattr(record, name)) == 200_000


@pytest.mark.parametrize("filling", ["x", ";", "\ud800", '"'])
def test_largest_metadata_goes_first_and_is_named(filling: str) -> None:
    record = make_record(metadata={"small": 1, "large": filling * 130_000, "medium": "y" * 30_000})
    short = shorten(record)
    assert short.metadata == {"small": 1, "medium": "y" * 30_000, "_truncated": ["large"]}
    assert "large" in record.metadata


def test_metadata_of_a_million_keys_is_bounded() -> None:
    record = make_record(metadata={f"key {number}": number for number in range(20_000)})
    assert len(metadata_text(shorten(record).metadata)) <= MAX_FIELD_CHARACTERS


def test_huge_list_of_what_was_cut_is_bounded_too() -> None:
    record = make_record(metadata={"_truncated": ["name"] * 100_000})
    assert shorten(record).metadata == {"_truncated": ["*"]}
