"""Bounds: how much memory waits for a backend that hangs, whatever the host gives to its calls."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from unsteady_backend import Hanging, Plugin

from curio_tracking import FeatureTracker, tracking_context

MEGABYTE = 1_000_000
QUEUE_BYTES = 4 * MEGABYTE
CALLS = 300
UNWEIGHED_BYTES = 256 * 262_144
"""What rows that were not weighed yet may hold: so many of the heaviest kind."""


@pytest.fixture
def hung(with_plugin: Callable[..., FeatureTracker]) -> Iterator[Callable[..., FeatureTracker]]:
    """Return what makes a tracker whose backend hangs with one call in hand."""
    backend = Hanging()
    made: list[FeatureTracker] = []

    def make(**settings: Any) -> FeatureTracker:
        given = {"queue_bytes": QUEUE_BYTES, "exit_timeout": 0.1, "flush_interval": 1} | settings
        tracker = with_plugin(Plugin(backend), **given)
        made.append(tracker)
        tracker.track_feature("first")(lambda: None)()
        assert backend.seen.wait(180)
        return tracker

    yield make
    backend.may_return.set()
    for tracker in made:
        tracker.close(180)  # or what it still does would be measured in the next test


def text(number: int, length: int = MEGABYTE) -> str:
    return str(number).ljust(length)


def in_a_block(tracker: FeatureTracker) -> Callable[[int], None]:
    def call(number: int) -> None:
        with tracker.track("f") as run:
            run.add_metadata(document=text(number))

    return call


def with_nested_metadata(tracker: FeatureTracker) -> Callable[[int], None]:
    def call(number: int) -> None:
        with tracker.track("f", rows=[{"cell": text(number, 10_000)} for _ in range(100)]):
            pass

    return call


def by_hand(tracker: FeatureTracker) -> Callable[[int], None]:
    def call(number: int) -> None:
        record_id = tracker.start_custom_tracking("f", metadata={"before": text(number)})
        tracker.complete_custom_tracking(record_id, metadata={"after": text(number)}, error_message=text(number))

    return call


def in_a_context(tracker: FeatureTracker) -> Callable[[int], None]:
    function = tracker.track_feature("f")(lambda: None)

    def call(number: int) -> None:
        with tracking_context(document=text(number)):
            function()

    return call


def that_fails(tracker: FeatureTracker) -> Callable[[int], None]:
    @tracker.track_feature("f")
    def fail(number: int) -> None:
        raise ValueError(text(number))

    def call(number: int) -> None:
        with pytest.raises(ValueError, match=str(number)):
            fail(number)

    return call


def with_long_arguments(tracker: FeatureTracker) -> Callable[[int], None]:
    function = tracker.track_feature("f")(lambda document: document)
    return lambda number: function(text(number)) and None


WAYS = [in_a_block, with_nested_metadata, by_hand, in_a_context, that_fails, with_long_arguments]


def kept_bytes(call: Callable[[int], None], calls: int) -> int:
    """Return how much more memory is in use after so many calls."""
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(calls):
            call(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_texts_of_megabytes_do_not_fill_the_memory_while_the_backend_hangs(
    hung: Callable[..., FeatureTracker], way: Callable[[FeatureTracker], Callable[[int], None]]
) -> None:
    tracker = hung(capture_args="values")
    kept = kept_bytes(way(tracker), CALLS)
    # without a bound it would be 300 MB
    assert kept <= QUEUE_BYTES + UNWEIGHED_BYTES
    health = tracker.health()
    assert (health["recorded"], health["pending"]) == (CALLS + 1, CALLS + 1)


def test_heavy_rows_are_weighed_one_by_one(hung: Callable[..., FeatureTracker]) -> None:
    tracker = hung()
    assert kept_bytes(in_a_block(tracker), CALLS) <= QUEUE_BYTES + 2 * 262_144


def test_calls_beyond_the_bytes_are_folded_and_none_is_lost(hung: Callable[..., FeatureTracker]) -> None:
    tracker = hung()
    call = in_a_block(tracker)
    for number in range(CALLS):
        call(number)
    buffer = tracker._collector.buffer
    assert 0 < len(buffer.rows) < 30
    assert buffer.folded_calls() + len(buffer.rows) == CALLS


def test_light_rows_are_bounded_by_their_bytes_as_well(hung: Callable[..., FeatureTracker]) -> None:
    tracker = hung(queue_size=1_000_000)
    function = tracker.track_feature("f")(lambda: None)
    assert kept_bytes(lambda number: function(), 60_000) <= QUEUE_BYTES * 1.5
    assert tracker.health()["recorded"] == 60_001


def test_estimate_is_near_what_the_rows_take(hung: Callable[..., FeatureTracker]) -> None:
    tracker = hung(queue_bytes=100 * MEGABYTE, capture_args="values")
    function = tracker.track_feature("f")(lambda one, two, three: None)
    kept = kept_bytes(lambda number: function(text(number, 200), number, None), 5_000)
    assert 0.6 < tracker._collector.buffer.scale.weigh() / kept < 1.6


def test_rows_that_share_a_context_do_not_count_it_each(hung: Callable[..., FeatureTracker]) -> None:
    tracker = hung()
    function = tracker.track_feature("f")(lambda: None)
    with tracking_context(document=text(1, 20_000)):
        for _ in range(5_000):
            function()
    buffer = tracker._collector.buffer
    assert len(buffer.rows) >= 2_000
    assert buffer.folded_calls() + len(buffer.rows) == 5_000


def test_bytes_come_free_when_the_writer_takes_rows(with_plugin: Callable[..., FeatureTracker]) -> None:
    backend = Hanging()
    tracker = with_plugin(Plugin(backend), queue_bytes=QUEUE_BYTES, flush_interval=1)
    call = in_a_block(tracker)
    for number in range(CALLS):
        call(number)
    backend.may_return.set()
    assert tracker.flush(180)
    scale = tracker._collector.buffer.scale
    assert scale.weigh() == 0
    before = len(backend.kept)
    call(1)
    assert tracker.flush(180)
    assert (len(backend.kept) - before, backend.kept[-1].sample_weight) == (1, 1.0)
    assert round(sum(record.sample_weight for record in backend.kept)) == CALLS + 1


def test_open_operations_keep_no_more_than_the_bytes(hung: Callable[..., FeatureTracker]) -> None:
    tracker = hung()
    kept = kept_bytes(
        lambda number: tracker.start_custom_tracking("f", metadata={"text": text(number)}) and None, CALLS
    )
    assert kept <= QUEUE_BYTES * 2
    assert tracker.health()["dropped"]["never_completed"] > CALLS / 2


def test_flush_interval_beyond_the_queue_does_not_lift_its_bound(with_plugin: Callable[..., FeatureTracker]) -> None:
    backend = Hanging()
    backend.may_return.set()
    tracker = with_plugin(Plugin(backend), flush_interval=1_000_000, queue_size=50, flush_seconds=3600)
    function = tracker.track_feature("f")(lambda: None)
    function()
    assert tracker.flush(180)
    backend.may_return.clear()
    for _ in range(1_000):
        function()
    assert len(tracker._collector.buffer.rows) <= 51
    backend.may_return.set()
    assert tracker.flush(180)
    assert round(sum(record.sample_weight for record in backend.kept)) == 1_001
