"""The decorator: every kind of callable stays what it was, and leaves one record per call."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import pickle
from collections.abc import AsyncIterator, Iterator
from typing import Any, get_type_hints

import pytest

from curio_tracking import FeatureCategory, FeatureStatus, FeatureTracker


def only(tracker: FeatureTracker, name: str) -> Any:
    """Return the only record of a feature."""
    (record,) = tracker.records(name)
    return record


def test_called_decorator_records_name_category_and_success(tracker: FeatureTracker) -> None:
    @tracker.track_feature("my_feature", FeatureCategory.AI_PROVIDER)
    def my_function(param1: str, param2: int) -> str:
        return "result"

    assert my_function("a", 2) == "result"
    record = only(tracker, "my_feature")
    assert (record.category, record.status) == ("ai_provider", FeatureStatus.SUCCESS)
    assert record.duration >= 0


def test_bare_decorator_takes_the_qualified_name(tracker: FeatureTracker) -> None:
    class Basket:
        @tracker.track_feature
        def total(self) -> int:
            return 3

    assert Basket().total() == 3
    name = "test_bare_decorator_takes_the_qualified_name.Basket.total"
    assert only(tracker, name).category == "other"


@pytest.mark.parametrize("category", ["sysmon", "SYSMON", "Sysmon", FeatureCategory.SYSMON])
def test_category_may_be_member_value_or_name(tracker: FeatureTracker, category: Any) -> None:
    tracker.track_feature("f", category)(lambda: None)()
    assert only(tracker, "f").category == "sysmon"


def test_unknown_category_is_recorded_as_other_with_one_warning(
    tracker: FeatureTracker, caplog: pytest.LogCaptureFixture
) -> None:
    function = tracker.track_feature("f", "sysmonn")(lambda: None)
    function()
    function()
    assert [record.category for record in tracker.records("f")] == ["other", "other"]
    assert [m for m in caplog.messages if "sysmonn" in m] == [m for m in caplog.messages if "sysmonn" in m][:1] != []


def test_wrapper_keeps_signature_name_doc_and_wrapped(tracker: FeatureTracker) -> None:
    def function(a: int, /, b: str = "x", *rest: int, c: float, d: None = None, **more: bytes) -> bool:
        """Say something."""
        return True

    tracked = tracker.track_feature("f")(function)
    assert inspect.signature(tracked) == inspect.signature(function)
    assert get_type_hints(tracked) == get_type_hints(function)
    assert (tracked.__name__, tracked.__doc__, tracked.__wrapped__) == ("function", "Say something.", function)


def call_shapes() -> list[tuple[Any, tuple[Any, ...], dict[str, Any]]]:
    def nothing() -> tuple[Any, ...]:
        return ()

    def plain(a, b=2):  # type: ignore[no-untyped-def]
        return a, b

    def positional(a, b, /):  # type: ignore[no-untyped-def]
        return a, b

    def everything(a, /, b, c=3, *rest, d, e=5, **more):  # type: ignore[no-untyped-def]
        return a, b, c, rest, d, e, more

    def keyword_only(*, a, b=2):  # type: ignore[no-untyped-def]
        return a, b

    def collides(_site, _result, _shape=1, len=2, type=3):  # type: ignore[no-untyped-def]  # noqa: A002
        return _site, _result, _shape, len, type

    def rests(*args, **kwargs):  # type: ignore[no-untyped-def]
        return args, kwargs

    return [
        (nothing, (), {}),
        (plain, (1,), {}),
        (plain, (), {"a": 1, "b": None}),
        (positional, (1, 2), {}),
        (everything, (1, 2), {"d": 4}),
        (everything, (1, 2, 9, 8, 7), {"d": 4, "e": 6, "f": 7}),
        (keyword_only, (), {"a": 1}),
        (collides, (1, 2), {"len": 5}),
        (rests, (1, 2), {"x": 3}),
    ]


@pytest.mark.parametrize("capture", ["off", "shape", "values"])
@pytest.mark.parametrize("resources", [False, True])
@pytest.mark.parametrize(("function", "args", "kwargs"), call_shapes())
def test_every_kind_of_signature_passes_arguments_unchanged(
    make_tracker: Any, capture: str, resources: bool, function: Any, args: Any, kwargs: Any
) -> None:
    tracked = make_tracker(capture_args=capture, resources=resources).track_feature("f")(function)
    assert tracked(*args, **kwargs) == function(*args, **kwargs)


def test_wrong_arguments_raise_the_same_type_error(tracker: FeatureTracker) -> None:
    def function(a: int) -> int:
        return a

    tracked = tracker.track_feature("f")(function)
    with pytest.raises(TypeError) as expected:
        function()  # type: ignore[call-arg]
    with pytest.raises(TypeError) as found:
        tracked()  # type: ignore[call-arg]
    assert str(found.value) == str(expected.value)


def test_default_objects_are_the_functions_own(tracker: FeatureTracker) -> None:
    def collect(item: int, into: list[int] = []) -> list[int]:  # noqa: B006
        into.append(item)
        return into

    tracked = tracker.track_feature("f")(collect)
    tracked(1)
    assert tracked(2) is collect.__defaults__[0] == [1, 2]  # type: ignore[index]


def test_exception_passes_through_unchanged_and_is_recorded(tracker: FeatureTracker) -> None:
    error = KeyError("missing")

    @tracker.track_feature("f")
    def fail() -> None:
        raise error

    with pytest.raises(KeyError) as found:
        fail()
    assert found.value is error
    record = only(tracker, "f")
    assert (record.status, record.error_type, record.error_message) == (FeatureStatus.FAILED, "KeyError", "'missing'")
    assert record.efficiency_score == 0.0


class SlowTimeout(Exception):
    """A timeout of a library that does not derive from TimeoutError."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TimeoutError("late"), "timeout"),
        (SlowTimeout("late"), "timeout"),
        (asyncio.CancelledError(), "failed"),
        (SystemExit(3), "failed"),
        (SystemExit(0), "success"),
        (SystemExit(), "success"),
        (KeyboardInterrupt(), "failed"),
    ],
)
def test_status_follows_the_exception(tracker: FeatureTracker, error: BaseException, status: str) -> None:
    @tracker.track_feature("f")
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        fail()
    assert only(tracker, "f").status == status


def test_exception_whose_text_cannot_be_had_is_still_recorded(tracker: FeatureTracker) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    @tracker.track_feature("f")
    def fail() -> None:
        raise Mute

    with pytest.raises(Mute):
        fail()
    assert (only(tracker, "f").error_type, only(tracker, "f").error_message) == ("Mute", None)


def test_partial_if_makes_a_result_partial(tracker: FeatureTracker) -> None:
    find = tracker.track_feature("find", partial_if=lambda result: result is None)(lambda found: found)
    find(1)
    find(None)
    assert [record.status.value for record in tracker.records("find")] == ["partial", "success"]


def test_partial_if_that_raises_changes_nothing_for_the_host(tracker: FeatureTracker) -> None:
    find = tracker.track_feature("find", partial_if=lambda result: 1 / 0)(lambda: "found")
    assert find() == "found"
    assert only(tracker, "find").status is FeatureStatus.SUCCESS
    assert tracker.health()["errors"]["partial_if"] == 1


def test_static_and_class_methods_in_either_order(tracker: FeatureTracker) -> None:
    class Shop:
        @staticmethod
        @tracker.track_feature("static")
        def open(day: str) -> str:
            return day

        @tracker.track_feature("class")
        @classmethod
        def name(cls) -> str:
            return cls.__name__

    assert (Shop.open("mon"), Shop().name()) == ("mon", "Shop")
    assert len(tracker.records("static")) == len(tracker.records("class")) == 1


def test_partial_objects_and_builtins_are_tracked(tracker: FeatureTracker) -> None:
    assert tracker.track_feature("int")(functools.partial(int, base=2))("101") == 5
    assert tracker.track_feature("len")(len)([1, 2]) == 2
    assert len(tracker.records("int")) == len(tracker.records("len")) == 1


def test_class_comes_back_as_it_is_with_a_warning(tracker: FeatureTracker, caplog: pytest.LogCaptureFixture) -> None:
    class Shop:
        pass

    assert tracker.track_feature("Shop")(Shop) is Shop
    assert "cannot be tracked" in caplog.text


def module_level(value: int) -> int:
    return value


def test_tracked_function_can_be_pickled_by_name(tracker: FeatureTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    tracked = tracker.track_feature("f")(module_level)
    monkeypatch.setitem(__import__("sys").modules, __name__, __import__("types").SimpleNamespace(module_level=tracked))
    assert pickle.loads(pickle.dumps(tracked)) is tracked


# -- coroutines -------------------------------------------------------------------------------------------------------


def test_coroutine_function_stays_one_and_is_recorded(tracker: FeatureTracker) -> None:
    @tracker.track_feature("f")
    async def fetch(url: str) -> str:
        await asyncio.sleep(0)
        return url

    assert inspect.iscoroutinefunction(fetch)
    assert asyncio.run(fetch("u")) == "u"
    assert only(tracker, "f").status is FeatureStatus.SUCCESS


def test_cancelled_coroutine_is_failed_with_its_type(tracker: FeatureTracker) -> None:
    @tracker.track_feature("f")
    async def wait() -> None:
        await asyncio.sleep(60)

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert (only(tracker, "f").status, only(tracker, "f").error_type) == ("failed", "CancelledError")


def test_concurrent_tasks_keep_their_own_parents(tracker: FeatureTracker) -> None:
    @tracker.track_feature("inner")
    def inner(name: str) -> None:
        pass

    @tracker.track_feature("outer")
    async def outer(name: str) -> None:
        await asyncio.sleep(0)
        inner(name)
        await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(outer(str(number)) for number in range(5)))

    asyncio.run(main())
    parents = [record.parent_id for record in tracker.records("inner")]
    assert sorted(parents) == sorted(record.record_id for record in tracker.records("outer"))


# -- generators -------------------------------------------------------------------------------------------------------


def count_to(limit: int) -> Iterator[int]:
    yield from range(limit)


def test_generator_stays_one_and_counts_its_items(tracker: FeatureTracker) -> None:
    numbers = tracker.track_feature("g")(count_to)
    assert inspect.isgeneratorfunction(numbers)
    assert list(numbers(3)) == [0, 1, 2]
    record = only(tracker, "g")
    assert (record.status, record.output_size, record.iterations) == ("success", 3, 3)


def test_generator_closed_early_is_partial(tracker: FeatureTracker) -> None:
    numbers = tracker.track_feature("g")(count_to)(10)
    next(numbers)
    numbers.close()
    assert (only(tracker, "g").status, only(tracker, "g").output_size) == ("partial", 1)


def test_generator_passes_send_throw_and_return(tracker: FeatureTracker) -> None:
    def talk() -> Any:
        heard = []
        while True:
            try:
                word = yield len(heard)
            except ValueError as error:
                word = str(error)
            if word is None:
                return heard
            heard.append(word)

    tracked = tracker.track_feature("g")(talk)()
    assert [next(tracked), tracked.send("a"), tracked.throw(ValueError("b"))] == [0, 1, 2]
    with pytest.raises(StopIteration) as stop:
        next(tracked)
    assert stop.value.value == ["a", "b"]
    assert only(tracker, "g").status == "success"


def test_generator_that_raises_is_failed(tracker: FeatureTracker) -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(tracker.track_feature("g")(broken)())
    assert (only(tracker, "g").status, only(tracker, "g").error_type) == ("failed", "OSError")


def test_time_in_the_consumer_is_not_the_generators(tracker: FeatureTracker) -> None:
    import time

    for _number in tracker.track_feature("g")(count_to)(1):
        time.sleep(1)
    assert only(tracker, "g").duration < 1


def test_calls_inside_a_generator_have_it_as_parent_and_the_consumers_do_not(tracker: FeatureTracker) -> None:
    step = tracker.track_feature("step")(lambda who: who)

    def work() -> Iterator[int]:
        step("generator")
        yield 1
        step("generator")

    for _item in tracker.track_feature("g")(work)():
        step("consumer")
    parents = [record.parent_id for record in reversed(tracker.records("step"))]
    own = only(tracker, "g").record_id
    assert parents == [own, None, own]


def test_async_generator_stays_one_and_passes_asend_and_athrow(tracker: FeatureTracker) -> None:
    @tracker.track_feature("a")
    async def echo() -> AsyncIterator[Any]:
        word = "start"
        while True:
            try:
                word = yield word  # type: ignore[misc]
            except ValueError:
                word = "caught"
            if word is None:
                return

    assert inspect.isasyncgenfunction(echo)

    async def main() -> list[Any]:
        stream: Any = echo()
        said = [await anext(stream), await stream.asend("x"), await stream.athrow(ValueError())]
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        return said

    assert asyncio.run(main()) == ["start", "x", "caught"]
    assert (only(tracker, "a").status, only(tracker, "a").output_size) == ("success", 3)


def test_async_generator_closed_early_is_partial(tracker: FeatureTracker) -> None:
    @tracker.track_feature("a")
    async def numbers() -> AsyncIterator[int]:
        for number in range(10):
            yield number

    async def main() -> None:
        async with contextlib.aclosing(numbers()) as stream:  # type: ignore[type-var]
            async for _number in stream:
                break

    asyncio.run(main())
    assert only(tracker, "a").status == "partial"


# -- parents ----------------------------------------------------------------------------------------------------------


def test_parent_is_the_call_it_ran_in_even_after_a_failure(tracker: FeatureTracker) -> None:
    @tracker.track_feature("child")
    def child(fails: bool) -> None:
        if fails:
            raise ValueError

    @tracker.track_feature("parent")
    def parent() -> None:
        with contextlib.suppress(ValueError):
            child(True)
        child(False)

    parent()
    child(False)
    own = only(tracker, "parent")
    assert [record.parent_id for record in tracker.records("child")] == [None, own.record_id, own.record_id]
    assert own.parent_id is None


def test_blocks_coroutines_and_plain_calls_nest_in_each_other(tracker: FeatureTracker) -> None:
    plain = tracker.track_feature("plain")(lambda then: then())

    async def task() -> None:
        with tracker.track("block"):
            plain(lambda: None)

    coroutine = tracker.track_feature("coroutine")(task)
    with tracker.track("outer"):
        plain(lambda: asyncio.run(coroutine()))
    by_id = {record.record_id: record for record in tracker.records(limit=0)}

    def chain(record: Any) -> list[str]:
        return [record.feature_name, *(chain(by_id[record.parent_id]) if record.parent_id else [])]

    innermost = max(by_id.values(), key=lambda record: record.record_id)
    assert chain(innermost) == ["plain", "block", "coroutine", "plain", "outer"]


def test_functions_with_the_same_parameters_do_not_share_a_code_object(tracker: FeatureTracker) -> None:
    one, two = (tracker.track_feature(name)(lambda a, b: a) for name in ("one", "two"))
    assert one.__code__ == two.__code__
    assert one.__code__ is not two.__code__  # the interpreter's inline caches live in it
