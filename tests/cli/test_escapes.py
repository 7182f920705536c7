from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.cli.escapes import visible, visible_json


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("plain_name", "plain_name"),
        ("übersetzen 翻訳", "übersetzen 翻訳"),
        ("red\x1b[31m", "red\\x1b[31m"),
        ("two\nlines\tand\rmore", "two\\nlines\\tand\\rmore"),
        ("c1\x9b31m", "c1\\x9b31m"),
        ("bidi\u202egnp", "bidi\\u202egnp"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028end", "line\\u2028end"),
        ("half\ud800", "half\\ud800"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_what_steers_a_terminal_is_shown_and_the_rest_stays(stored: str, shown: str) -> None:
    assert visible(stored) == shown


def test_characters_to_keep_are_kept_and_others_are_not() -> None:
    assert visible("a\nb\x1b", keep="\n") == "a\nb\\x1b"


@given(st.text())
def test_visible_text_can_be_encoded_and_has_no_control_character(text: str) -> None:
    shown = visible(text).encode("utf-8").decode()
    assert all(ord(character) >= 32 and not 127 <= ord(character) < 160 for character in shown)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_with_visible_characters_means_the_same(value: object) -> None:
    text = visible_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert visible(text) == text or any(joiner in text for joiner in "\u200c\u200d") or max(text) >= "\U000e0000"


def test_json_hides_no_control_character() -> None:
    text = visible_json(json.dumps(["\x1b[31m", "\x9b", "\u202e", "\ud800", "ü"], ensure_ascii=False))
    assert text == '["\\u001b[31m", "\\u009b", "\\u202e", "\\ud800", "ü"]'
