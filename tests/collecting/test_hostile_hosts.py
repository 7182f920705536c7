"""Hosts that do what hosts do: nothing of it may break them, and no record may be lost or wrong for it."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import types
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from curio_tracking import FeatureTracker


def test_wraps_over_a_tracked_function_does_not_change_its_parameters(make_tracker: Any) -> None:
    tracker = make_tracker()

    def inner_of(view: Any) -> Any:
        @functools.wraps(view)
        @tracker.track_feature("view")
        def inner(request: str, *rest: str) -> Any:
            return view(request, "user", *rest)

        return inner

    view = inner_of(lambda request, user, *rest: (request, user, rest))
    tracker.configure(capture_args="values")
    assert view("r", "x") == ("r", "user", ("x",))


def test_arguments_and_results_whose_size_cannot_be_had_pass_through(tracker: FeatureTracker) -> None:
    class Meta(type):
        def __eq__(cls, other: object) -> bool:
            return False

        __hash__ = None  # type: ignore[assignment]

    class Odd(metaclass=Meta):
        pass

    view = memoryview(b"abc")
    view.release()
    same = tracker.track_feature("f")(lambda value: value)
    for value in (range(10**20), view, Odd()):
        assert same(value) is value
    assert len(tracker.records("f")) == 3


def test_bound_method_does_not_shift_the_names_of_its_parameters(make_tracker: Any) -> None:
    class Account:
        def login(self, name: str, password: str) -> None:
            pass

    tracker = make_tracker(capture_args="values")
    tracker.track_feature("login")(Account().login)("bob", "hunter2-x")
    parameters = tracker.records("login")[0].metadata["parameters"]
    assert parameters["name"]["value"] == "bob"
    assert "hunter2" not in str(parameters)


def test_mock_objects_can_be_decorated(tracker: FeatureTracker) -> None:
    mock = Mock(return_value=3)
    assert tracker.track_feature("mock")(mock)(1) == 3


def test_generator_based_coroutine_is_left_as_it_is(tracker: FeatureTracker) -> None:
    @tracker.track_feature("old")
    @types.coroutine
    def old() -> Any:
        yield from asyncio.sleep(0).__await__()
        return 3

    async def main() -> int:
        return await old()

    assert asyncio.run(main()) == 3


def test_close_and_throw_reach_the_generator_as_they_are(tracker: FeatureTracker) -> None:
    def stubborn() -> Any:
        try:
            yield 1
        except GeneratorExit:
            yield 2

    tracked, plain = tracker.track_feature("g")(stubborn)(), stubborn()
    for generator in (tracked, plain):
        next(generator)
        assert generator.throw(GeneratorExit) == 2
        generator.close()


def test_open_async_generator_at_the_end_of_the_loop_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    program = """
        import asyncio
        from curio_tracking import track_feature

        @track_feature("numbers")
        async def numbers():
            try:
                yield 1
                yield 2
            finally:
                await asyncio.sleep(0.01)

        async def main():
            stream = numbers()
            await anext(stream)
            globals()["kept"] = stream

        asyncio.run(main())
    """
    environment = {**os.environ, "FEATURE_TRACKING_EXIT_TIMEOUT": "60"}
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=environment, check=True, timeout=180)
    assert capfd.readouterr().err == ""


def test_lru_cache_underneath_keeps_its_methods(tracker: FeatureTracker) -> None:
    cached = tracker.track_feature("f")(functools.lru_cache(lambda x: x))
    cached(1)
    cached(1)
    assert cached.cache_info().hits == 1


def test_partial_if_with_an_ambiguous_answer_changes_nothing(tracker: FeatureTracker) -> None:
    class Ambiguous:
        def __bool__(self) -> bool:
            raise ValueError("ambiguous")

    assert tracker.track_feature("f", partial_if=lambda result: Ambiguous())(lambda: 3)() == 3
    assert tracker.health()["errors"]["partial_if"] == 1


def test_exception_of_a_signal_handler_in_our_code_goes_on_to_the_host(tracker: FeatureTracker) -> None:
    class TimeLimit(Exception):
        pass

    def too_late(*_args: object) -> None:
        raise TimeLimit

    def handler_strikes(*_args: object) -> None:
        os.kill(os.getpid(), signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, too_late)
    try:
        with pytest.raises(TimeLimit):
            tracker._collector.guard.own("track", handler_strikes)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_joining_every_thread_does_not_wait_for_the_writer(tracker: FeatureTracker) -> None:
    tracker.track_feature("f")(lambda: None)()
    tracker.flush(180)
    for thread in threading.enumerate():
        if thread.name == "curio-tracking-writer":
            thread.join()
    assert tracker.flush(180)


def test_manual_run_of_a_thread_that_is_gone_is_not_taken_for_the_writers(tracker: FeatureTracker) -> None:
    started: list[str] = []
    thread = threading.Thread(target=lambda: started.append(tracker.start_custom_tracking("op")))
    thread.start()
    thread.join()
    tracker.complete_custom_tracking(started[0])
    assert len(tracker.records("op")) == 1


def test_flush_succeeds_while_others_go_on_calling(tracker: FeatureTracker) -> None:
    function = tracker.track_feature("f")(lambda: None)
    stop = threading.Event()

    def hammer() -> None:
        while not stop.is_set():
            function()

    threads = [threading.Thread(target=hammer) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert tracker.flush(180)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_configure_keeps_counts_and_loses_no_call(make_tracker: Any, tmp_path: Path) -> None:
    tracker = make_tracker()
    function = tracker.track_feature("f")(lambda: None)
    for number in range(3):
        function()
        tracker.configure(data_dir=tmp_path / str(number))
    function()
    assert tracker.flush(180)
    health = tracker.health()
    assert (health["recorded"], health["written"], health["dropped"]) == (4, 4, {})


def test_calls_in_exit_handlers_of_the_host_are_kept(data_dir: Path) -> None:
    program = """
        import atexit
        from curio_tracking import track_feature

        work = track_feature("work")(lambda: None)
        atexit.register(work)
    """
    environment = {**os.environ, "FEATURE_TRACKING_DATA_DIR": str(data_dir), "FEATURE_TRACKING_EXIT_TIMEOUT": "60"}
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=environment, check=True, timeout=180)
    reader = FeatureTracker(data_dir=data_dir)
    assert len(reader.records("work")) == 1


def test_unknown_categories_take_one_warning_and_one_count_however_many(
    tracker: FeatureTracker, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(50):
        with tracker.track("f", f"category{number}"):
            pass
    assert tracker.flush(180)
    assert tracker.health()["errors"] == {"unknown_category": 50}
    assert len(caplog.messages) == 1


def test_handler_that_the_host_chains_to_ours_decides_what_happens(data_dir: Path) -> None:
    program = """
        import os, signal, sys, time
        from curio_tracking import track_feature

        track_feature("work")(lambda: None)()
        before = signal.getsignal(signal.SIGTERM)

        def goodbye(number, frame):
            if callable(before):
                before(number, frame)
            sys.exit(3)

        signal.signal(signal.SIGTERM, goodbye)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    """
    environment = {**os.environ, "FEATURE_TRACKING_DATA_DIR": str(data_dir), "FEATURE_TRACKING_EXIT_TIMEOUT": "60"}
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=environment, check=False, timeout=180)
    assert result.returncode == 3
