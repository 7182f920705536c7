"""A record on its way through filters: what each one did is told, and the record stays as it was."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.collecting.chain import FilterStep
from curio_tracking.previewing.tracing import NOTHING, Change, Outcome, changes_between, trace
from curio_tracking.records import FeatureRecord
from curio_tracking.testing import make_record

VALUES = st.recursive(
    st.integers() | st.text(max_size=5) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


def hide_note(record: FeatureRecord) -> FeatureRecord:
    record.metadata["note"] = "hidden"
    return record


def fail(record: FeatureRecord) -> FeatureRecord:
    raise SystemExit(record.metadata["note"])


def same(record: FeatureRecord) -> FeatureRecord:
    return record


def steps(**apply: Any) -> list[FilterStep]:
    return [FilterStep(name, function) for name, function in apply.items()]


def test_each_filter_is_told_of_with_what_it_changed() -> None:
    passed = trace(make_record(metadata={"note": "private"}), steps(hide=hide_note, again=hide_note, same=same))
    assert [(passage.filter_name, passage.outcome) for passage in passed.passages] == [
        ("hide", Outcome.CHANGED),
        ("again", Outcome.KEPT),
        ("same", Outcome.KEPT),
    ]
    assert passed.passages[0].changes == (Change("metadata.note", "private", "hidden"),)
    assert passed.after is not None
    assert passed.after["metadata"] == {"note": "hidden"}


@pytest.mark.parametrize(
    ("apply", "outcome"),
    [
        (lambda _record: None, Outcome.DROPPED),
        (fail, Outcome.FAILED),
        (lambda record: record.as_dict(), Outcome.FAILED),
    ],
    ids=["drops", "raises", "returns no record"],
)
def test_record_that_is_dropped_meets_no_later_filter(apply: Any, outcome: Outcome) -> None:
    passed = trace(make_record(metadata={"note": "private"}), steps(first=apply, second=hide_note))
    assert [passage.outcome for passage in passed.passages] == [outcome]
    assert passed.after is None
    assert passed.is_changed


def test_what_a_failing_filter_says_is_not_repeated() -> None:
    passed = trace(make_record(metadata={"note": "private"}), steps(first=fail))
    assert "private" not in str([passage.as_dict() for passage in passed.passages])


def test_record_itself_stays_as_it_was() -> None:
    record = make_record(metadata={"note": "private"})
    before = deepcopy(record)
    trace(record, steps(hide=hide_note))
    assert record == before


def test_side_where_there_is_nothing_has_no_key() -> None:
    assert Change("a", 1, NOTHING).as_dict() == {"field": "a", "before": 1}


@given(st.dictionaries(st.text("ab", max_size=2), VALUES), st.dictionaries(st.text("ab", max_size=2), VALUES))
def test_changes_are_told_exactly_where_values_differ(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert bool(list(changes_between(before, after))) == (before != after)
    assert all(change.before != change.after for change in changes_between(before, after))
