"""Many records at once: all of them or none, whatever ends the work and whenever."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from killing import killed_before

from curio_tracking.errors import StorageError
from curio_tracking.interfaces import BulkBackend
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.files import locked_file
from curio_tracking.storage.tinyflux import staging
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.staging import append_staged, finish_staged
from curio_tracking.testing import make_record

DAY_US = 86_400_000_000
START_US = make_record(0).start_us
BATCHES = [[make_record(10 * day + n, start_us=START_US + day * DAY_US + n) for n in range(3)] for day in range(3)]
EVERYTHING = sorted(record.record_id for batch in BATCHES for record in batch)
LATER = make_record(99)
STEPS = ("open", "write", "fsync", "rename", "mkdir", "unlink", "rmdir", "close")
"""System calls before and after each of which the process is killed."""


def stored(data_dir: Path) -> list[str]:
    return sorted(record.record_id for record in TinyFluxBackend(data_dir).records(RecordQuery()))


def leftovers(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "staging").glob("*") if path.name != "lock")


def missing_batches(data_dir: Path) -> Iterator[list[FeatureRecord]]:
    """Give only what is not there yet, as an import does."""
    known = set(stored(data_dir))
    for batch in BATCHES:
        yield [record for record in batch if record.record_id not in known]


def test_tinyflux_offers_to_take_all_or_none(tinyflux: TinyFluxBackend) -> None:
    assert isinstance(tinyflux, BulkBackend)


def test_records_of_many_days_are_all_there(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    assert tinyflux.append_all(iter(BATCHES)) == 9
    assert stored(data_dir) == EVERYTHING
    assert leftovers(data_dir) == []


def test_nothing_is_visible_before_the_last_batch(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    seen: list[list[str]] = []

    def watched() -> Iterator[Sequence[FeatureRecord]]:
        for batch in BATCHES:
            yield batch
            seen.append(stored(data_dir))

    tinyflux.append_all(watched())
    assert seen == [[], [], []]


def test_published_segments_are_private_and_named_like_any_other(
    tinyflux: TinyFluxBackend, data_dir: Path, segments: Callable[[], list[Path]]
) -> None:
    tinyflux.append([LATER])
    [other] = segments()
    tinyflux.append_all(BATCHES)
    parts = {segment.name.rsplit("-", 3)[0] for segment in segments()}
    assert parts == {other.name.rsplit("-", 3)[0]}
    assert {stat.S_IMODE(segment.stat().st_mode) for segment in segments()} == {0o600}
    assert {stat.S_IMODE(segment.parent.stat().st_mode) for segment in segments()} == {0o700}


def test_days_that_come_in_any_order_keep_few_files_open(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    mixed = [
        [make_record(100 * day + turn, start_us=START_US + day * DAY_US) for day in range(12)] for turn in range(3)
    ]
    before = len(os.listdir("/proc/self/fd"))
    most = 0

    def counted() -> Iterator[Sequence[FeatureRecord]]:
        nonlocal most
        for batch in mixed:
            yield batch
            most = max(most, len(os.listdir("/proc/self/fd")) - before)

    assert tinyflux.append_all(counted()) == 36
    assert len(stored(data_dir)) == 36
    assert most <= staging.MAX_OPEN + 1


def test_large_segment_is_followed_by_another(
    tinyflux: TinyFluxBackend, segments: Callable[[], list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MAX_BYTES", 300)
    tinyflux.append_all([[make_record(n)] for n in range(9)])
    assert len(segments()) > 1
    assert all(segment.stat().st_size < 900 for segment in segments())


# -- what ends it early ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("bad line"), KeyboardInterrupt()])
def test_exception_out_of_the_batches_leaves_nothing(
    tinyflux: TinyFluxBackend, data_dir: Path, error: BaseException
) -> None:
    def broken() -> Iterator[Sequence[FeatureRecord]]:
        yield BATCHES[0]
        raise error

    with pytest.raises(type(error)):
        tinyflux.append_all(broken())
    assert stored(data_dir) == []
    assert leftovers(data_dir) == []


def test_file_that_may_not_grow_leaves_nothing_and_says_so(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(StorageError, match="cannot write"):
            tinyflux.append_all(BATCHES)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert stored(data_dir) == []
    assert leftovers(data_dir) == []


@pytest.mark.parametrize("step", ["fsync", "rename", "mkdir"])
def test_refused_call_leaves_nothing_or_everything(
    tinyflux: TinyFluxBackend, data_dir: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    for number in range(100):
        refusals: list[int] = []
        with monkeypatch.context() as patch:
            patch.setattr(os, step, _refusing(number, getattr(os, step), refusals))
            with contextlib.suppress(StorageError):
                tinyflux.append_all(missing_batches(data_dir))
        if not refusals:
            break
        finish_staged(data_dir)
        assert stored(data_dir) in ([], EVERYTHING)
        tinyflux.delete(RecordQuery())
    assert number > 3
    assert stored(data_dir) == EVERYTHING


def _refusing(number: int, real: Callable[..., object], refusals: list[int]) -> Callable[..., object]:
    calls = iter(range(10**9))

    def call(*arguments: object, **options: object) -> object:
        if next(calls) == number:
            refusals.append(number)
            raise OSError(errno.EIO, "Input/output error")
        return real(*arguments, **options)

    return call


def test_interruption_while_segments_are_moved_ends_the_move_first(
    tinyflux: TinyFluxBackend, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename
    calls = iter(range(10**9))

    def interrupted(source: object, target: object) -> None:
        rename(source, target)  # type: ignore[arg-type]
        if next(calls) == 2:  # COMMIT, one segment, this one
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tinyflux.append_all(BATCHES)
    assert stored(data_dir) == EVERYTHING
    assert leftovers(data_dir) == []


# -- kills ----------------------------------------------------------------------------------------------------------


def killed_at(number: int, data_dir: Path) -> bool:
    """Stage the batches in a child that is killed before its system call `number`, and say whether it came to that."""
    return killed_before(number, STEPS, lambda: append_staged(data_dir, missing_batches(data_dir)))


def kill_points(tmp_path: Path) -> Iterator[Path]:
    """Yield one data directory after the other, each left by a process that was killed one system call later."""
    for number in range(1000):
        data_dir = tmp_path / f"data-{number}"
        was_killed = killed_at(number, data_dir)
        yield data_dir
        if not was_killed:
            break
    assert 40 < number < 999


def test_kill_at_any_call_leaves_nothing_or_everything_for_the_next_writer(tmp_path: Path) -> None:
    found = set()
    for data_dir in kill_points(tmp_path):
        writer = TinyFluxBackend(data_dir)
        writer.append([LATER])
        writer.close()
        seen = stored(data_dir)
        assert seen in ([LATER.record_id], sorted([*EVERYTHING, LATER.record_id]))
        assert leftovers(data_dir) == []
        found.add(len(seen))
    assert found == {1, 10}


def test_kill_at_any_call_and_once_more_gives_each_record_once(tmp_path: Path) -> None:
    for data_dir in kill_points(tmp_path):
        append_staged(data_dir, missing_batches(data_dir))
        assert stored(data_dir) == EVERYTHING
        assert leftovers(data_dir) == []


def test_kill_while_finishing_is_finished_by_the_next(tmp_path: Path) -> None:
    for number in range(1000):
        data_dir = tmp_path / f"data-{number}"
        commit_only(data_dir)
        was_killed = finish_killed_at(number, data_dir)
        finish_staged(data_dir)
        assert stored(data_dir) == EVERYTHING
        assert leftovers(data_dir) == []
        if not was_killed:
            break
    assert 10 < number < 999


def commit_only(data_dir: Path) -> None:
    """Leave a stage that is committed, none of it moved."""
    child = os.fork()
    if child == 0:
        staging._publish = lambda *_arguments: os._exit(0)
        try:
            append_staged(data_dir, BATCHES)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def finish_killed_at(number: int, data_dir: Path) -> bool:
    return killed_before(number, STEPS, lambda: finish_staged(data_dir))


def test_deletion_also_finds_what_was_committed_and_not_moved(data_dir: Path) -> None:
    commit_only(data_dir)
    backend = TinyFluxBackend(data_dir)
    assert backend.delete(RecordQuery(record_ids=frozenset(EVERYTHING[:2]))) == 2
    assert stored(data_dir) == EVERYTHING[2:]


# -- two at a time --------------------------------------------------------------------------------------------------


def test_second_one_is_refused_while_the_first_is_at_work(
    tinyflux: TinyFluxBackend, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curio_tracking.storage.files.LOCK_SECONDS", 0.01)

    def batches() -> Iterator[Sequence[FeatureRecord]]:
        yield BATCHES[0]
        with pytest.raises(StorageError, match="another process"):
            append_staged(data_dir, [BATCHES[1]])
        yield BATCHES[2]

    tinyflux.append_all(batches())
    assert stored(data_dir) == sorted(record.record_id for record in [*BATCHES[0], *BATCHES[2]])


def test_writer_that_starts_leaves_the_stage_of_a_living_import_alone(
    tinyflux: TinyFluxBackend, data_dir: Path
) -> None:
    def batches() -> Iterator[Sequence[FeatureRecord]]:
        yield from BATCHES
        writer = TinyFluxBackend(data_dir)
        writer.append([LATER])
        writer.close()

    tinyflux.append_all(batches())
    assert stored(data_dir) == sorted([*EVERYTHING, LATER.record_id])


def test_finishing_without_a_store_creates_nothing(data_dir: Path) -> None:
    finish_staged(data_dir)
    assert not data_dir.exists()


def test_lock_that_is_held_is_no_error_for_who_finishes(data_dir: Path) -> None:
    commit_only(data_dir)
    with locked_file(data_dir / "staging" / "lock", create=False):
        finish_staged(data_dir)
        assert stored(data_dir) == []
    finish_staged(data_dir)
    assert stored(data_dir) == EVERYTHING


def test_symlink_in_place_of_the_staging_directory_is_refused(
    tinyflux: TinyFluxBackend, data_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    data_dir.mkdir()
    (data_dir / "staging").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="symlink"):
        tinyflux.append_all(BATCHES)
    assert list((tmp_path / "elsewhere").iterdir()) == []
