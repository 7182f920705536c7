"""The traceback of what leaves a tracked call is that of the untracked one, to the line."""

from __future__ import annotations

import asyncio
import functools
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from curio_tracking import FeatureTracker


def plain(text: str) -> int:
    return int(text)


def listed(*texts: str, base: int = 10) -> list[int]:
    return [int(text, base) for text in texts]


def nested(depth: int) -> int:
    return nested(depth - 1) if depth else 1 // depth


async def coroutine(text: str) -> int:
    await asyncio.sleep(0)
    return int(text)


def generator(text: str) -> Iterator[int]:
    yield 1
    yield int(text)


def patient() -> Iterator[int]:
    try:
        yield 1
    except KeyError as error:
        raise LookupError("not there") from error


async def async_generator(text: str) -> AsyncIterator[int]:
    yield 1
    yield int(text)


@dataclass(frozen=True)
class FrozenError(Exception):
    """An exception whose attributes cannot be set."""

    text: str


def frozen() -> None:
    raise FrozenError("x")


async def all_of(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


def throw_into(items: Any) -> None:
    next(items)
    items.throw(KeyError("k"))


CASES: dict[str, tuple[Callable[..., Any], Callable[[Any], object]]] = {
    "function": (plain, lambda function: function("x")),
    "with keywords": (listed, lambda function: function("1", "2", base=99)),
    "inside of itself": (nested, lambda function: function(3)),
    "frozen exception": (frozen, lambda function: function()),
    "callable object": (functools.partial(plain, "x"), lambda function: function()),
    "built-in": (int, lambda function: function("x")),
    "wrong arguments": (plain, lambda function: function(1, 2, 3)),
    "coroutine": (coroutine, lambda function: asyncio.run(function("x"))),
    "generator": (generator, lambda function: list(function("x"))),
    "thrown into a generator": (patient, lambda function: throw_into(function())),
    "thrown through a generator": (generator, lambda function: throw_into(function("x"))),
    "async generator": (async_generator, lambda function: asyncio.run(all_of(function("x")))),
}


def failure_of(function: Any, use: Callable[[Any], object]) -> Exception:
    """Return what a use raises."""
    try:
        use(function)
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def lines_of(function: Any, use: Callable[[Any], object]) -> list[str]:
    """Return the lines of the traceback of a use that fails."""
    places = traceback.extract_tb(failure_of(function, use).__traceback__)
    return [f"{place.filename}:{place.lineno} {place.name}" for place in places if "asyncio" not in place.filename]


@pytest.mark.parametrize("settings", [{}, {"resources": True}, {"enabled": False}], ids=["usual", "resources", "off"])
@pytest.mark.parametrize("case", [case for case in CASES if case not in ("built-in", "wrong arguments")])
def test_traceback_is_that_of_the_untracked_call(make_tracker: Any, settings: dict[str, Any], case: str) -> None:
    function, use = CASES[case]
    tracked = make_tracker(**settings).track_feature("f")(function)
    assert lines_of(tracked, use) == lines_of(function, use)


@pytest.mark.parametrize("case", CASES)
def test_failure_is_recorded_all_the_same(tracker: FeatureTracker, case: str) -> None:
    function, use = CASES[case]
    if case in ("built-in", "wrong arguments"):
        function = functools.partial(function)
    tracked = tracker.track_feature("f")(function)
    error = failure_of(tracked, use)
    assert {record.error_type for record in tracker.records("f")} == {type(error).__name__}
