"""A disk that is full or fails under a running host: it goes on, writing resumes, nothing is torn or doubled.

Budget: some 20 s in all, most of it waiting for writers that try again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import store_checks
from hosts import Host, SmallDisk, small_disk
from tracing import strace

from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

DISK_BYTES: Final = 512 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a disk that can be filled."""
    with small_disk(tmp_path / "disk", DISK_BYTES) as disk:
        yield disk


def assert_store_holds(data_dir: Path, calls: int, scratch: Path) -> None:
    """Check that each call is there once, in files that are whole."""
    backend = TinyFluxBackend(data_dir)
    records = store_checks.records_once(backend)
    assert len(records) == calls
    store_checks.assert_totals_are_a_fold(backend, records)
    assert backend.quarantined == 0
    store_checks.assert_every_file_opens(data_dir, scratch)


def results_without_tracking(data_dir: Path, calls: list[int]) -> list[str]:
    """Return what a host prints that is not tracked."""
    with Host(data_dir, enabled="false") as host:
        results = [host.tell("call", count) for count in calls]
        assert host.end(7) == (7, "")
    assert not data_dir.exists()
    return results


def test_host_goes_on_while_the_disk_is_full_and_writing_resumes(disk: SmallDisk, tmp_path: Path) -> None:
    data_dir = disk.root / "data"
    with Host(data_dir) as host:
        results = [host.tell("call", 300)]
        assert host.flush()
        disk.fill()
        results.append(host.tell("call", 500))
        assert not host.flush(0.5)
        host.wait_until_refused()
        health = host.health()
        assert (health["pending"] > 0, health["dropped"]) == (True, {})
        assert_store_holds(data_dir, health["written"], tmp_path / "scratch.csv")
        disk.empty()
        assert host.flush()
        results.append(host.tell("call", 100))
        assert host.flush()
        assert host.health()["written"] == 900
        assert host.end(7) == (7, "")
    assert_store_holds(data_dir, 900, tmp_path / "scratch.csv")
    assert results == results_without_tracking(tmp_path / "none", [300, 500, 100])


def test_host_whose_disk_is_full_from_the_start_begins_to_write_once_there_is_room(
    disk: SmallDisk, tmp_path: Path
) -> None:
    disk.fill()
    with Host(disk.root / "data") as host:
        host.tell("call", 200)
        assert not host.flush(0.5)
        disk.empty()
        assert host.flush()
        assert host.end(7) == (7, "")
    assert_store_holds(disk.root / "data", 200, tmp_path / "scratch.csv")


def test_host_that_ends_on_a_full_disk_keeps_its_status_and_what_was_acknowledged(
    disk: SmallDisk, tmp_path: Path
) -> None:
    data_dir = disk.root / "data"
    with Host(data_dir, exit_timeout="0.5") as host:
        host.tell("call", 300)
        assert host.flush()
        disk.fill()
        host.tell("call", 200)
        assert not host.flush(0.5)
        host.wait_until_refused()
        written = host.health()["written"]
        assert host.end(7) == (7, "")
    assert 300 <= written < 500
    assert_store_holds(data_dir, written, tmp_path / "scratch.csv")


def test_calls_beyond_the_queue_are_folded_while_the_disk_is_full_and_none_is_lost(
    disk: SmallDisk, tmp_path: Path
) -> None:
    data_dir = disk.root / "data"
    with Host(data_dir, queue_size="100") as host:
        host.tell("call", 50)
        assert host.flush()
        disk.fill()
        host.tell("call", 1_000)
        assert not host.flush(0.5)
        disk.empty()
        assert host.flush()
        health = host.health()
        assert (health["written"] + health["folded"], health["dropped"]) == (1_050, {})
        assert health["folded"] > 0
        assert host.end(7) == (7, "")
    backend = TinyFluxBackend(data_dir)
    assert store_checks.calls_by_feature(backend) == {"work": 1_050}
    store_checks.assert_totals_are_a_fold(backend, store_checks.records_once(backend))


def test_host_whose_files_may_not_grow_goes_on_and_writing_resumes(data_dir: Path, tmp_path: Path) -> None:
    with Host(data_dir) as host:
        results = [host.tell("call", 100)]
        assert host.flush()
        [segment] = (data_dir / "raw").glob("*/*.csv")
        host.tell("limit", segment.stat().st_size + 1_000)
        results.append(host.tell("call", 300))
        assert not host.flush(0.5)
        host.wait_until_refused()
        assert_store_holds(data_dir, host.health()["written"], tmp_path / "scratch.csv")
        host.tell("limit", 100_000_000)
        assert host.flush()
        assert host.end(7) == (7, "")
    assert_store_holds(data_dir, 400, tmp_path / "scratch.csv")
    assert results == results_without_tracking(tmp_path / "none", [100, 300])


@pytest.mark.parametrize("failing", ["1..3", "4..6", "8..12"])
def test_batches_whose_sync_fails_come_again_and_are_kept_once(data_dir: Path, tmp_path: Path, failing: str) -> None:
    inject = ["-e", "trace=fsync", "-e", f"inject=fsync:error=EIO:when={failing}"]
    before = [strace(), "-f", "-qq", "-o", str(tmp_path / "log"), *inject]
    with Host(data_dir, before=before, durability="fsync") as host:
        results = [host.tell("call", 300)]
        while not host.flush():
            continue
        assert host.health()["written"] == 300
        assert host.end(7) == (7, "")
    assert "INJECTED" in (tmp_path / "log").read_text()
    assert_store_holds(data_dir, 300, tmp_path / "scratch.csv")
    assert [path for path in (data_dir / "raw").glob("*/*.csv") if path.stat().st_size == 0] == []
    assert results == results_without_tracking(tmp_path / "none", [300])
