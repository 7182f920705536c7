"""What the listener does around a fork, without one: whoever asks meanwhile waits, and is answered afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from curio_tracking_prometheus import listener
from curio_tracking_prometheus.listener import Listener, Listeners

Ask = Callable[[], "Future[int]"]


@pytest.fixture
def listeners(registry: CollectorRegistry) -> Listeners:
    return Listeners(registry)


@pytest.fixture
def joined(listeners: Listeners, free_port: Callable[[], int]) -> Iterator[Listener]:
    found = listeners.join("127.0.0.1", free_port())
    yield found
    listeners.leave(found)


@pytest.fixture
def ask(joined: Listener) -> Iterator[Ask]:
    """`ask()` begins a scrape; its result is the status of the answer."""

    def scrape() -> int:
        with urlopen(f"http://127.0.0.1:{joined.port}/metrics", timeout=180) as answer:
            return int(answer.status)

    with ThreadPoolExecutor(2) as pool:
        yield lambda: pool.submit(scrape)


def threads_of_ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "prometheus" in thread.name]


def test_no_thread_is_left_in_a_pause(listeners: Listeners, joined: Listener) -> None:
    assert threads_of_ours() != []
    listeners.pause()
    assert threads_of_ours() == []


def test_writing_in_a_pause_starts_no_thread(listeners: Listeners, joined: Listener) -> None:
    listeners.pause()
    listeners.open(joined)
    assert threads_of_ours() == []


def test_whoever_asks_in_a_pause_is_answered_after_it(
    listeners: Listeners, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_COUNTS_LATE", False)
    listeners.pause()
    asked = ask()
    listeners.resume()
    assert asked.result(60) == 200


def test_where_the_interpreter_counts_late_the_next_batch_answers(
    listeners: Listeners, joined: Listener, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_COUNTS_LATE", True)
    monkeypatch.setattr(listener, "active_count", lambda: 1)
    listeners.pause()
    listeners.resume()
    assert threads_of_ours() == []
    listeners.open(joined)
    assert ask().result(60) == 200


def test_resuming_without_a_pause_changes_nothing(listeners: Listeners, joined: Listener, ask: Ask) -> None:
    # a fork may have begun before the plugin was loaded
    listeners.resume()
    assert len(threads_of_ours()) == 1
    assert ask().result(60) == 200
