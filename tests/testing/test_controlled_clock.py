"""`tracking_clock`: durations and start times follow it exactly, whatever kind of call it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curio_tracking import FeatureStatus, FeatureTracker, feature_tracker, track, track_feature
from curio_tracking.testing import TrackedRecords
from curio_tracking.testing.pytest_plugin.clock import ControlledClock, controlled_clock

MOMENT = datetime(2020, 2, 29, 12, 30, 0, 123456, UTC)
Advance = Callable[[float], None]


def plain(advance: Advance) -> None:
    track_feature("it")(lambda: advance(2.5))()


def raising(advance: Advance) -> None:
    @track_feature("it")
    def it() -> None:
        advance(2.5)
        raise KeyError

    with pytest.raises(KeyError):
        it()


def judged(advance: Advance) -> None:
    track_feature("it", partial_if=bool)(lambda: advance(2.5))()


def block(advance: Advance) -> None:
    with track("it"):
        advance(2.5)


def manual(advance: Advance) -> None:
    record_id = feature_tracker.start_custom_tracking("it")
    advance(2.5)
    feature_tracker.complete_custom_tracking(record_id)


def coroutine(advance: Advance) -> None:
    @track_feature("it")
    async def it() -> None:
        await asyncio.sleep(0)
        advance(2.5)

    asyncio.run(it())


def generator(advance: Advance) -> None:
    @track_feature("it")
    def it() -> Iterator[int]:
        advance(1.5)
        yield 1
        advance(1.0)

    for _ in it():
        advance(100)  # the consumer's time, not the generator's


def async_generator(advance: Advance) -> None:
    @track_feature("it")
    async def it() -> AsyncIterator[int]:
        advance(1.5)
        yield 1
        advance(1.0)

    async def consume() -> None:
        async for _ in it():
            advance(100)

    asyncio.run(consume())


KINDS = [plain, raising, judged, block, manual, coroutine, generator, async_generator]


@pytest.mark.parametrize("call", KINDS)
def test_duration_is_what_the_clock_was_advanced_by(
    tracked: TrackedRecords, tracking_clock: ControlledClock, call: Callable[[Advance], None]
) -> None:
    call(tracking_clock.advance)
    assert tracked.one("it").duration == 2.5


@pytest.mark.parametrize("call", KINDS)
def test_start_is_what_the_clock_showed(
    tracked: TrackedRecords, tracking_clock: ControlledClock, call: Callable[[Advance], None]
) -> None:
    tracking_clock.set(MOMENT)
    call(tracking_clock.advance)
    assert tracked.one("it").start_time == MOMENT


@pytest.mark.parametrize("call", KINDS)
def test_function_that_was_decorated_before_follows_the_clock_and_the_real_one_again(
    tracked: TrackedRecords, call: Callable[[Advance], None]
) -> None:
    waits: list[Advance] = []
    decorated = track_feature("early")(lambda: waits[0](3.0))
    with controlled_clock() as clock:
        waits.append(clock.advance)
        decorated()
        waits[0] = lambda _: None
    call(waits[0])
    assert (tracked.one("early").duration, tracked.one("it").duration < 100) == (3.0, True)


def test_calls_at_one_frozen_moment_are_all_kept(tracked: TrackedRecords, tracking_clock: ControlledClock) -> None:
    call = track_feature("it")(lambda: None)
    for _ in range(2000):
        call()
    assert {(record.duration, record.start_time) for record in tracked} == {(0.0, tracking_clock.now)}
    assert len(tracked) == 2000


def test_calls_at_one_frozen_moment_keep_their_order(tracked: TrackedRecords, tracking_clock: ControlledClock) -> None:
    for number in range(5):
        track_feature(f"call_{number}")(lambda: None)()
    assert [record.feature_name for record in tracked] == [f"call_{number}" for number in range(5)]


def test_call_inside_another_at_one_frozen_moment_knows_its_parent(
    tracked: TrackedRecords, tracking_clock: ControlledClock
) -> None:
    inner = track_feature("inner")(lambda: None)
    track_feature("outer")(inner)()
    assert tracked.one("inner").parent_id == tracked.one("outer").record_id


def test_setting_the_clock_back_does_not_shorten_a_call(
    tracked: TrackedRecords, tracking_clock: ControlledClock
) -> None:
    with track("it"):
        tracking_clock.advance(1.0)
        tracking_clock.set(MOMENT)
        tracking_clock.advance(0.5)
    assert tracked.one("it").duration == 1.5


def test_efficiency_is_that_of_the_controlled_duration(
    tracked: TrackedRecords, tracking_clock: ControlledClock
) -> None:
    track_feature("it", target_seconds=1.0)(lambda: tracking_clock.advance(4.0))()
    assert tracked.one("it").efficiency_score == 0.25


def test_other_trackers_follow_the_clock(
    make_tracker: Callable[..., FeatureTracker], tracking_clock: ControlledClock
) -> None:
    tracking_clock.set(MOMENT)
    tracker = make_tracker()
    tracker.track_feature("it")(lambda: tracking_clock.advance(2.5))()
    (record,) = tracker.records()
    assert (record.start_time, record.duration) == (MOMENT, 2.5)


def test_folded_calls_follow_the_clock(
    make_tracker: Callable[..., FeatureTracker], tracking_clock: ControlledClock
) -> None:
    tracking_clock.set(MOMENT)
    tracker = make_tracker(queue_size=1)
    buffer = tracker._collector.buffer
    buffer.limit, buffer.queue_size = 1, 0  # full from the beginning, so that the call is folded
    site, start = tracker.track("it").site, tracking_clock.read()
    assert not buffer.make_room(site, FeatureStatus.SUCCESS, start, start + 2.5)
    tracker._collector.writer.start()
    (record,) = tracker.records()
    assert (record.start_time, record.duration) == (MOMENT, 2.5)


def test_time_itself_is_left_alone(tracking_clock: ControlledClock) -> None:
    tracking_clock.set(MOMENT)
    assert time.time() - MOMENT.timestamp() > 1e8


def test_moment_without_a_zone_is_utc(tracking_clock: ControlledClock) -> None:
    tracking_clock.set(MOMENT.replace(tzinfo=None))
    assert tracking_clock.now == MOMENT


def test_moment_of_another_zone_is_the_same_moment(tracking_clock: ControlledClock) -> None:
    tracking_clock.set(MOMENT.astimezone(timezone(timedelta(hours=5))))
    assert (tracking_clock.now, tracking_clock.now.tzinfo) == (MOMENT, UTC)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_advance_refuses_what_is_no_time(tracking_clock: ControlledClock, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"cannot advance by .*: give 0 or more"):
        tracking_clock.advance(seconds)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(steps=st.lists(st.integers(0, 10**12), max_size=8))
def test_duration_is_the_sum_of_all_steps_to_the_microsecond(tracked: TrackedRecords, steps: list[int]) -> None:
    tracked.clear()
    with controlled_clock() as clock, track("it"):
        for microseconds in steps:
            clock.advance(microseconds / 1e6)
    assert round(tracked.one("it").duration * 1e6) == sum(steps)


def test_call_that_is_under_way_when_the_clock_is_taken_has_a_real_duration(tracked: TrackedRecords) -> None:
    with track("it"):
        clock = controlled_clock()
        clock.__enter__().advance(1000)
    clock.__exit__(None, None, None)
    assert 0 <= tracked.one("it").duration < 100


def test_call_that_is_under_way_when_the_clock_is_given_back_has_a_real_duration(tracked: TrackedRecords) -> None:
    with controlled_clock() as clock:
        run = track("it").__enter__()
        clock.advance(1000)
    run.__exit__(None, None, None)
    assert 0 <= tracked.one("it").duration < 100
