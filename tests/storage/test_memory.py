"""The memory backend: a bounded ring that all instances of a process share."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from curio_tracking.errors import SettingsError
from curio_tracking.plugins import PluginHost
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo
from curio_tracking.runtime import make_backend
from curio_tracking.settings import load_settings
from curio_tracking.storage.memory import DEFAULT_CAPACITY, MemoryBackend, _store
from curio_tracking.testing import make_record

EVERYTHING = RecordQuery()


def numbers(backend: MemoryBackend) -> list[int]:
    return [int(record.record_id.removeprefix("record-")) for record in backend.records(EVERYTHING)]


def test_ring_keeps_what_was_written_last(data_dir: Path) -> None:
    backend = MemoryBackend(str(data_dir), capacity=3)
    for number in range(5):
        backend.append([make_record(number)])
    assert numbers(backend) == [4, 3, 2]
    (summary,) = backend.summaries(SummaryQuery())
    assert summary.total_calls == 3


def test_batch_larger_than_the_ring_keeps_its_end(data_dir: Path) -> None:
    backend = MemoryBackend(str(data_dir), capacity=3)
    backend.append([make_record(number) for number in range(10)])
    assert numbers(backend) == [9, 8, 7]


def test_record_that_comes_again_is_kept_once(data_dir: Path) -> None:
    backend = MemoryBackend(str(data_dir), capacity=3)
    backend.append([make_record(1), make_record(2)])
    backend.append([make_record(2), make_record(3)])
    assert numbers(backend) == [3, 2, 1]


def test_instances_of_one_data_directory_share_a_store(tmp_path: Path) -> None:
    writer, reader, other = (MemoryBackend(str(tmp_path / name)) for name in ("a", "a", "b"))
    writer.append([make_record(1)])
    writer.declare([FeatureInfo("never", "other")])
    writer.close()
    assert numbers(reader) == [1]
    assert list(reader.declared()) == [FeatureInfo("never", "other")]
    assert numbers(other) == []
    assert list(other.declared()) == []


def test_nothing_touches_the_disk(data_dir: Path) -> None:
    MemoryBackend(str(data_dir)).append([make_record(1)])
    assert not data_dir.exists()


def test_threads_lose_nothing(data_dir: Path) -> None:
    def write(start: int) -> None:
        backend = MemoryBackend(str(data_dir))
        for number in range(start, start + 200):
            backend.append([make_record(number)])
            next(backend.records(RecordQuery(limit=1)))

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 200, 400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(MemoryBackend(str(data_dir))) == list(range(599, -1, -1))


def test_listing_is_not_disturbed_by_later_records(data_dir: Path) -> None:
    backend = MemoryBackend(str(data_dir))
    backend.append([make_record(1), make_record(2)])
    found = backend.records(EVERYTHING)
    next(found)
    backend.append([make_record(3)])
    assert [record.record_id for record in found] == [make_record(1).record_id]


def test_child_forked_while_the_lock_was_held_can_write(data_dir: Path) -> None:
    backend = MemoryBackend(str(data_dir))
    with _store(str(data_dir)).lock:
        child = os.fork()
        if child == 0:
            try:
                backend.append([make_record(1)])
                os._exit(0 if numbers(backend) == [1] else 2)
            except BaseException:
                os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert numbers(backend) == []


def from_settings(data_dir: Path) -> MemoryBackend:
    settings = load_settings({"data_dir": data_dir, "backend": "memory"}, strict=True)
    backend = make_backend(settings, PluginHost.for_settings(settings))
    assert isinstance(backend, MemoryBackend)
    return backend


def test_capacity_is_an_option(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_MEMORY__CAPACITY", "2")
    backend = from_settings(data_dir)
    backend.append([make_record(number) for number in range(5)])
    assert numbers(backend) == [4, 3]


def test_ring_is_bounded_by_default(data_dir: Path) -> None:
    backend = from_settings(data_dir)
    backend.append([make_record(number) for number in range(DEFAULT_CAPACITY + 10)])
    assert sum(1 for _record in backend.records(EVERYTHING)) == DEFAULT_CAPACITY == 100_000


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_unusable_capacity_is_said_with_its_variable(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_MEMORY__CAPACITY", value)
    with pytest.raises(SettingsError, match="FEATURE_TRACKING_MEMORY__CAPACITY"):
        from_settings(data_dir)
