"""Records to test with: ordinary ones, odd ones, and ones with a hostile text in every field that takes text.

Every suite uses them, and so may the tests of a plugin. Needs neither pytest nor hypothesis.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.records import TEXT_FIELDS, FeatureRecord, FeatureStatus
from curio_tracking.testing.hostile_texts import MARKUP_TEXTS, STORAGE_TEXTS, TERMINAL_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

START_US: Final = 1_780_000_000_000_000
"""2026-05-28: where the example records begin."""

UNSTORED: Final = ("no JSON", "keys that are no text")
"""Oddities that filters meet, and nobody after them: the filter `size` leaves metadata that JSON can hold."""


def make_record(number: int = 0, **changes: Any) -> FeatureRecord:
    """Return an ordinary record with the given fields changed; its id and its start come from `number`."""
    values: dict[str, Any] = {
        "record_id": f"record-{number:08d}",
        "feature_name": "import_csv",
        "category": "file_operation",
        "status": FeatureStatus.SUCCESS,
        "start_us": START_US + number,
        "duration": 0.25,
        "input_size": 27,
        "user_id": "u1",
        "session_id": "s1",
        "metadata": {"parameters": {"path": {"type": "str", "size": 27}, "limit": {"type": "int"}}},
    }
    return FeatureRecord(**(values | changes))


def odd_records() -> Iterator[tuple[str, FeatureRecord]]:
    """Yield (what is odd about it, record): what applications really hand in, sooner or later."""
    changes: dict[str, dict[str, Any]] = {
        "nothing odd": {},
        "no metadata": {"metadata": {}},
        "no ids": {"user_id": None, "session_id": None},
        "empty texts": {"feature_name": "", "user_id": "", "session_id": "", "error_message": ""},
        "folded calls": {"metadata": {"_folded": 700}, "sample_weight": 700.0, "user_id": None, "session_id": None},
        "no duration": {"duration": 0.0},
        "a long duration": {"duration": 1e9},
        "huge metadata": {"metadata": {f"key_{number}": "value " * 50 for number in range(2_000)}},
        "one huge text": {"metadata": {"text": "word " * 100_000}},
        "deep metadata": {"metadata": _nested(60)},
        "a long message": {"status": FeatureStatus.FAILED, "error_type": "ValueError", "error_message": "no " * 50_000},
        "other scripts": {"feature_name": "импорт 導入 🎉", "user_id": "ユーザー", "metadata": {"ключ": "значение"}},
        "lone surrogates": {"feature_name": "a\ud800", "user_id": "\udfff", "metadata": {"\ud800": "\udc00"}},
        "control characters": {"feature_name": "a\x1b[31m\r\n\0", "metadata": {"a\0": "\x1b[2J\u202e"}},
        "no JSON": {"metadata": {"a": math.nan, "b": {1, 2}, "c": b"\xff", "d": datetime.now(UTC), "e": object()}},
        "keys that are no text": {"metadata": {1: "a", None: "b", (1, 2): "c", 2.5: "d", False: "e"}},
        "huge numbers": {"metadata": {"number": 10**400}, "input_size": 10**18, "iterations": 10**9},
    }
    for number, (oddity, change) in enumerate(changes.items()):
        yield oddity, make_record(number, **change)
    for number, status in enumerate(FeatureStatus, 100):
        yield f"status {status.value}", make_record(number, status=status, error_message="something went wrong")


def stored_odd_records() -> list[FeatureRecord]:
    """Return the odd records that come through the filters, then the hostile ones, each with an id of its own."""
    odd = [record for oddity, record in odd_records() if oddity not in UNSTORED]
    return [*odd, *hostile_records()]


def hostile_records(texts: Iterable[str] = (*STORAGE_TEXTS, *MARKUP_TEXTS, *TERMINAL_TEXTS)) -> list[FeatureRecord]:
    """Return one record per text that has it in every field that takes text, and in keys and values of its metadata."""
    statuses = list(FeatureStatus)
    return [
        make_record(
            1_000 + number,
            **dict.fromkeys(TEXT_FIELDS, text),
            status=statuses[number % len(statuses)],
            metadata={text: text, "parameters": {text: {"type": text}}, "list": [text]},
        )
        for number, text in enumerate(texts)
    ]


def _nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"end": "here"}
    for _ in range(levels):
        value = {"inner": value, "list": [1, "two"]}
    return value
