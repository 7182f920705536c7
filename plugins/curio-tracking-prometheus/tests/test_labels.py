from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.testing.strategies import texts
from curio_tracking_prometheus.labels import LONGEST, MOST_OTHER_CATEGORIES, OTHER, LabelBudget, label_value


@given(texts() | st.text(st.characters(), max_size=400))
def test_label_value_is_bounded_text_of_one_line(text: str) -> None:
    value = label_value(text)
    value.encode("utf-8")
    assert len(value) <= LONGEST
    assert len(f"<{value}>".splitlines()) == 1
    assert "\x00" not in value


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=LONGEST))
def test_ordinary_name_is_its_own_label_value(name: str) -> None:
    assert label_value(name) == name


def test_what_is_invisible_is_written_out() -> None:
    assert label_value("a\x00b\x1b\ud800\u202e\n") == r"a\x00b\x1b\ud800\u202e\n"


def test_long_names_that_differ_at_the_end_keep_apart() -> None:
    assert label_value("x" * 500 + "a") != label_value("x" * 500 + "b")


def test_label_value_of_a_long_name_is_the_same_in_every_process() -> None:
    assert label_value("x" * 500) == "x" * 119 + "~52d7adc8"


@given(st.integers(1, 5), st.lists(st.tuples(st.text("abcdefgh", min_size=1, max_size=1), st.sampled_from("xy"))))
def test_no_more_features_than_allowed_get_labels_of_their_own(most: int, features: list[tuple[str, str]]) -> None:
    budget = LabelBudget(most)
    own = {labels for feature in features if (labels := budget.labels(*feature))[0] != OTHER}
    assert own == set(list(dict.fromkeys(features))[:most])


def test_feature_that_came_too_late_keeps_its_category() -> None:
    budget = LabelBudget(1)
    budget.labels("first", "sysmon")
    assert budget.labels("second", "database") == (OTHER, "database")


def test_categories_of_features_that_came_too_late_are_bounded() -> None:
    budget = LabelBudget(1)
    budget.labels("first", "sysmon")
    found = {budget.labels("late", f"category{number}") for number in range(1000)}
    assert len(found) == MOST_OTHER_CATEGORIES + 1
    assert (OTHER, OTHER) in found


@pytest.mark.parametrize("repetitions", [1, 100])
def test_asking_again_uses_up_nothing(repetitions: int) -> None:
    budget = LabelBudget(2)
    for _ in range(repetitions):
        budget.labels("first", "sysmon")
    assert budget.labels("second", "sysmon") == ("second", "sysmon")
