"""Upkeep and deletion on a disk that is full or fails: nothing is lost, no half file is seen, none is left behind.

A store in which everything is due is copied, upkeep or a deletion runs with so much room, or with one failing
call, and what is left is checked; then the same without a fault. Swept over every amount of room and every call up to
the first that does no harm. Budget: 30 s.
"""

from __future__ import annotations

import errno
import itertools
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import scenario
import store_checks
from hosts import small_disk
from small_sizes import make_sizes_small

from curio_tracking.errors import StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import make_record

RECENT_DAY: Final = "2024-04-10"
ANOTHER_DAY: Final = "2024-04-20"
"""A day of the same month, of which the user to be deleted has no records: the month's rollup is written anew."""
DISK_BYTES: Final = 1024 * 1024
PAGE_BYTES: Final = 4096
RECORDS: Final = range(60)
OTHERS: Final = [number for number in range(900, 960) if scenario.day_of(number, ANOTHER_DAY) == ANOTHER_DAY][:3]
ALL: Final = {*RECORDS, *OTHERS}
KEPT: Final = {number for number in ALL if scenario.user_of(number) != scenario.USER}
Fault = Callable[[], AbstractContextManager[object]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with days and months that are merged, and later segments that are not."""
    make_sizes_small()
    data_dir = tmp_path_factory.mktemp("template") / "data"
    for numbers in (RECORDS[:40], RECORDS[40:]):
        backend = TinyFluxBackend(data_dir)
        for first in range(numbers.start, numbers.stop, 4):
            backend.append([scenario.record(number, RECENT_DAY) for number in range(first, first + 4)])
        if numbers.start == 0:
            backend.append([scenario.record(number, ANOTHER_DAY) for number in OTHERS])
        backend.close()
        if numbers.start == 0:
            store_checks.maintain(data_dir)
    return data_dir


def stored(data_dir: Path) -> set[int]:
    """Return the numbers of the records, having checked that the totals say the same and every file is whole."""
    backend = TinyFluxBackend(data_dir)
    records = store_checks.records_once(backend)
    store_checks.assert_totals_are_a_fold(backend, records)
    assert backend.quarantined == 0
    store_checks.assert_every_file_opens(data_dir, data_dir.parents[1] / "scratch.csv")
    assert store_checks.leftovers(data_dir) == []
    return {int(record.record_id[-6:]) for record in records}


def upkeep_is_harmed(data_dir: Path, fault: Fault) -> bool:
    """Do upkeep with a fault and check the store, then again without; return whether the fault did any harm."""
    with fault():
        try:
            is_harmed = bool(store_checks.maintain(data_dir).failed)
        except StorageError:
            is_harmed = True
    assert stored(data_dir) == ALL
    return is_harmed


def deletion_is_harmed(data_dir: Path, fault: Fault) -> bool:
    """Delete a user with a fault and check the store; return whether the fault did any harm."""
    with fault():
        try:
            TinyFluxBackend(data_dir).delete(RecordQuery(user_ids=frozenset({scenario.USER})))
            is_harmed = False
        except StorageError:
            is_harmed = True
    assert stored(data_dir) >= KEPT
    assert is_harmed or stored(data_dir) == KEPT
    return is_harmed


def finish(data_dir: Path, *, is_deleting: bool) -> None:
    """Do the same without a fault: then everything is as it should be."""
    if is_deleting:
        TinyFluxBackend(data_dir).delete(RecordQuery(user_ids=frozenset({scenario.USER})))
        assert store_checks.files_with(scenario.USER.encode(), data_dir) == []
    assert not store_checks.maintain(data_dir).failed
    assert stored(data_dir) == (KEPT if is_deleting else ALL)
    store_checks.assert_in_order(data_dir)


def harms(is_deleting: bool) -> Callable[[Path, Fault], bool]:
    """Return what works under a fault."""
    return deletion_is_harmed if is_deleting else upkeep_is_harmed


@pytest.mark.parametrize("is_deleting", [False, True])
def test_full_disk_harms_no_record(template: Path, tmp_path: Path, is_deleting: bool) -> None:
    for pages in itertools.count():
        with small_disk(tmp_path / str(pages), DISK_BYTES) as disk:
            data_dir = disk.root / "data"
            shutil.copytree(template, data_dir)

            @contextmanager
            def full() -> Iterator[None]:
                disk.fill(spare_bytes=pages * PAGE_BYTES)  # noqa: B023 - used at once
                yield

            is_harmed = harms(is_deleting)(data_dir, full)
            disk.empty()
            finish(data_dir, is_deleting=is_deleting)
        if not is_harmed:
            break
    # a deletion makes room for itself: it begins with removing rollups that can be made again
    assert is_deleting or pages > 0


@pytest.mark.parametrize("is_deleting", [False, True])
def test_limit_on_the_size_of_files_harms_no_record(template: Path, tmp_path: Path, is_deleting: bool) -> None:
    for size in itertools.count(0, 150):
        data_dir = tmp_path / str(size) / "data"
        shutil.copytree(template, data_dir)
        is_harmed = harms(is_deleting)(data_dir, lambda: file_size_limit(size))  # noqa: B023 - used at once
        finish(data_dir, is_deleting=is_deleting)
        if not is_harmed:
            break
    assert size > 300


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("is_deleting", [False, True])
@pytest.mark.parametrize("name", ["fsync", "replace", "write", "mkdir"])
def test_one_failing_call_harms_no_record(template: Path, tmp_path: Path, name: str, is_deleting: bool) -> None:
    for number in itertools.count():
        data_dir = tmp_path / str(number) / "data"
        shutil.copytree(template, data_dir)
        fails = [False]
        harms(is_deleting)(data_dir, lambda: failing_call(name, number, fails))  # noqa: B023 - used at once
        finish(data_dir, is_deleting=is_deleting)
        if not fails[0]:
            break
    assert number > 1 or name == "mkdir"


@contextmanager
def failing_call(name: str, number: int, has_failed: list[bool]) -> Iterator[None]:
    """Let call `number` (from 0) of a function of `os` fail as on a broken disk."""
    call = getattr(os, name)
    numbers = itertools.count()

    def once(*arguments: Any, **named: Any) -> Any:
        if next(numbers) == number:
            has_failed[0] = True
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return call(*arguments, **named)

    setattr(os, name, once)
    try:
        yield
    finally:
        setattr(os, name, call)


@pytest.mark.parametrize("number", range(6))
def test_durable_batch_is_not_acknowledged_before_every_name_above_it_was_synced(data_dir: Path, number: int) -> None:
    backend = TinyFluxBackend(data_dir, durable=True)
    synced: set[Path] = set()
    sync = os.fsync

    def noted(file: int) -> None:
        sync(file)
        synced.add(Path(os.readlink(f"/proc/self/fd/{file}")))

    os.fsync = noted
    try:
        with failing_call("fsync", number, [False]):
            for _attempt in range(2):
                try:
                    backend.append([make_record(1)])
                    break
                except StorageError:
                    continue
    finally:
        os.fsync = sync
    [segment] = (data_dir / "raw").glob("*/*.csv")
    assert {data_dir.parent, data_dir, data_dir / "raw", segment.parent, segment} <= synced
    backend.close()
