"""What is kept of parameters and results, by mode."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from curio_tracking import FeatureTracker
from curio_tracking.collecting.capture import size_of


def parameters(tracker: FeatureTracker) -> Any:
    return tracker.records("f")[0].metadata.get("parameters")


def test_shape_mode_keeps_names_types_and_sizes_but_no_values(make_tracker: Any) -> None:
    tracker = make_tracker(capture_args="shape")
    tracker.track_feature("f")(lambda prompt, count: prompt)("hello world", 3)
    assert parameters(tracker) == {"prompt": {"type": "str", "size": 11}, "count": {"type": "int"}}


def test_values_mode_keeps_plain_values_cut_at_the_last_word_within_256_characters(make_tracker: Any) -> None:
    tracker = make_tracker(capture_args="values")
    tracker.track_feature("f")(lambda text, number, items: None)("word " * 60, 3, [1, 2])
    assert parameters(tracker) == {
        "text": {"type": "str", "size": 300, "value": "word " * 51 + "…"},
        "number": {"type": "int", "value": 3},
        "items": {"type": "list", "size": 2},
    }


def test_off_mode_keeps_nothing_of_the_parameters(make_tracker: Any) -> None:
    tracker = make_tracker(capture_args="off")
    tracker.track_feature("f")(lambda text: text)("hello")
    record = tracker.records("f")[0]
    assert (record.metadata, record.input_size, record.output_size) == ({}, None, 5)


def test_self_cls_and_ignored_parameters_are_left_out(make_tracker: Any) -> None:
    tracker = make_tracker(capture_args="values")

    class Login:
        @tracker.track_feature("f", ignore=("password",))
        def attempt(self, name: str, password: str) -> None:
            pass

    Login().attempt("ann", "hunter2")
    assert list(parameters(tracker)) == ["name"]


@pytest.mark.parametrize("kind", ["plain", "coroutine", "generator", "partial_if"])
def test_every_kind_of_callable_captures_the_same(make_tracker: Any, kind: str) -> None:
    import asyncio

    tracker = make_tracker(capture_args="values")

    async def coroutine(a: Any, b: Any = 2, *, c: Any = 3) -> None:
        pass

    def generator(a: Any, b: Any = 2, *, c: Any = 3) -> Any:
        yield

    def plain(a: Any, b: Any = 2, *, c: Any = 3) -> None:
        pass

    if kind == "coroutine":
        asyncio.run(tracker.track_feature("f")(coroutine)("x", c=4))
    elif kind == "generator":
        list(tracker.track_feature("f")(generator)("x", c=4))
    else:
        partial_if = (lambda result: False) if kind == "partial_if" else None
        tracker.track_feature("f", partial_if=partial_if)(plain)("x", c=4)
    assert parameters(tracker) == {
        "a": {"type": "str", "size": 1, "value": "x"},
        "b": {"type": "int", "value": 2},
        "c": {"type": "int", "value": 4},
    }


def test_input_size_is_the_sum_of_the_known_sizes_before_the_call(tracker: FeatureTracker) -> None:
    tracker.track_feature("f")(lambda items, text: items.clear())([1, 2, 3], "ab")
    assert tracker.records("f")[0].input_size == 5


@pytest.mark.parametrize(
    ("value", "size"),
    [(b"abc", 3), ("äö", 2), ([1], 1), ({}, 0), (deque([1, 2]), 2), (range(10**20), None), (5, None), (None, None)],
)
def test_size_is_bytes_characters_or_items(value: object, size: int | None) -> None:
    assert size_of(value) == size


def test_size_of_a_subclass_is_never_asked_for() -> None:
    class Query(list):  # type: ignore[type-arg]
        def __len__(self) -> int:
            raise AssertionError("a database query")

    assert size_of(Query()) is None


def test_no_reference_to_arguments_or_result_is_kept(tracker: FeatureTracker) -> None:
    import weakref

    class Big:
        pass

    kept = []

    def function(given: Big) -> Big:
        result = Big()
        kept.extend([weakref.ref(given), weakref.ref(result)])
        return result

    tracker.track_feature("f")(function)(Big())
    assert [reference() for reference in kept] == [None, None]
