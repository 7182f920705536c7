"""A tracked generator keeps nothing that the generator alone would not keep, and closing it touches no context."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from curio_tracking import FeatureTracker
from curio_tracking.collecting import context, run


class Thing:
    """Something whose end can be watched."""


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    """Let objects go when nobody holds them, or not at all."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def things() -> Iterator[Thing]:
    while True:
        yield Thing()


def echo() -> Iterator[None]:
    while True:
        yield None


def test_item_that_the_consumer_lets_go_is_gone(tracker: FeatureTracker) -> None:
    items = tracker.track_feature("f")(things)()
    found = weakref.ref(next(items))()
    assert found is None


def test_item_of_an_async_generator_that_the_consumer_lets_go_is_gone(tracker: FeatureTracker) -> None:
    async def items() -> AsyncIterator[Thing]:
        while True:
            yield Thing()

    async def first() -> object:
        iterator = tracker.track_feature("f")(items)()
        found = weakref.ref(await anext(iterator))()
        await iterator.aclose()
        return found

    assert asyncio.run(first()) is None


def test_sent_value_that_the_generator_does_not_keep_is_gone(tracker: FeatureTracker) -> None:
    receiver: Any = tracker.track_feature("f")(echo)()
    next(receiver)
    thing = Thing()
    watched = weakref.ref(thing)
    receiver.send(thing)
    del thing
    assert watched() is None


def test_argument_that_the_generator_lets_go_is_gone(tracker: FeatureTracker) -> None:
    @tracker.track_feature("f")
    def consume(thing: Thing) -> Iterator[int]:
        yield 1
        del thing
        yield 2

    thing = Thing()
    watched = weakref.ref(thing)
    items = consume(thing)
    next(items)
    del thing
    next(items)
    assert watched() is None


@pytest.mark.parametrize("end", ["close", "drop", "throw", "exhaust"])
def test_generator_that_has_ended_leaves_nothing_to_the_garbage_collector(tracker: FeatureTracker, end: str) -> None:
    @tracker.track_feature("f")
    def hold(thing: Thing) -> Iterator[int]:
        yield id(thing)

    thing = Thing()
    watched = weakref.ref(thing)
    items: Any = hold(thing)
    next(items)
    del thing
    if end == "close":
        items.close()
    elif end == "throw":
        with pytest.raises(KeyError):
            items.throw(KeyError)
    elif end == "exhaust":
        assert list(items) == []
    del items
    assert watched() is None


def forbidden(*_arguments: object) -> None:
    raise AssertionError("a context variable would be changed")


@pytest.mark.parametrize("name", ["enter", "leave"])
def test_closing_changes_no_context_variable(
    tracker: FeatureTracker, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # the garbage collector may be closing, in the middle of ContextVar.set: Python 3.11 would not survive that
    def cleaning() -> Iterator[int]:
        with tracker.track("block"):
            yield 1

    items = tracker.track_feature("f")(cleaning)()
    next(items)
    monkeypatch.setattr(run, name, forbidden)
    items.close()
    assert {record.feature_name for record in tracker.records()} == {"f", "block"}
    assert tracker.health()["errors"] == {}


def test_blocks_that_were_closed_are_over(make_tracker: Any) -> None:
    tracker = make_tracker(anonymize=False)

    def blocks() -> Iterator[int]:
        with context.tracking_context(user_id="u1"), tracker.track("block"), context.tracking_context(plan="pro"):
            yield 1

    with context.tracking_context(user_id="u0"):
        for _ in range(3):
            items = blocks()
            next(items)
            items.close()
        tracker.track_feature("inside")(lambda: None)()
    tracker.track_feature("after")(lambda: None)()
    found = [*tracker.records("inside"), *tracker.records("after")]
    assert [(record.parent_id, record.user_id) for record in found] == [(None, "u0"), (None, None)]
    assert not any("plan" in record.metadata for record in found)


def test_closed_blocks_do_not_pile_up(tracker: FeatureTracker) -> None:
    def blocks() -> Iterator[int]:
        with context.tracking_context(user_id="u1"):
            yield 1

    def use() -> int:
        for _ in range(9):
            items = blocks()
            next(items)
            items.close()
        length, one = 0, context.current.get()
        while one is not None:
            length, one = length + 1, one.stands_for
        return length

    assert contextvars.copy_context().run(use) <= 2


def test_block_of_a_finaliser_inside_of_a_change_leaves_the_variable_alone(
    tracker: FeatureTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = context.current.get()
    monkeypatch.setattr(context, "_changing", {threading.get_ident()})
    assert context._enter_unless_entering(context.Context()) is None
    assert context.current.get() is before
