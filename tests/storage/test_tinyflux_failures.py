"""What a writer does when the disk or the place fails: a batch is kept whole or not at all, and may come again."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from curio_tracking.errors import DataDirError, StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import make_record

DAY_US = 86_400_000_000
BATCH = [make_record(number) for number in range(5)]
MORE = [make_record(number) for number in range(5, 9)]
Segments = Callable[[], list[Path]]


def stored(backend: TinyFluxBackend) -> list[str]:
    return sorted(record.record_id for record in backend.records(RecordQuery()))


def ids(*batches: list) -> list[str]:
    return sorted(record.record_id for batch in batches for record in batch)


# -- failures -------------------------------------------------------------------------------------------------------


@contextmanager
def failing_write(monkeypatch: pytest.MonkeyPatch, keep: int, skip: int = 0) -> Iterator[None]:
    """Let writes end after `keep` bytes, the way a full disk does; the first `skip` writes are whole."""
    write = os.write
    calls = iter(range(10**9))

    def short(file: int, data: bytes) -> int:
        return write(file, data if next(calls) < skip else data[:keep])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", short)
        yield


@pytest.mark.parametrize("keep", [0, 1, 100, 250, 400])
def test_short_write_is_cut_back_and_may_be_tried_again(
    tinyflux: TinyFluxBackend, segments: Segments, monkeypatch: pytest.MonkeyPatch, keep: int
) -> None:
    tinyflux.append(BATCH)
    before = segments()[0].read_bytes()
    with failing_write(monkeypatch, keep), pytest.raises(StorageError, match="bytes could be written"):
        tinyflux.append(MORE)
    assert segments()[0].read_bytes() == before
    tinyflux.append(MORE)
    assert stored(tinyflux) == ids(BATCH, MORE)
    assert tinyflux.quarantined == 0


def test_file_that_may_not_grow_refuses_the_batch_and_takes_it_later(
    tinyflux: TinyFluxBackend, segments: Segments
) -> None:
    tinyflux.append(BATCH)
    size = segments()[0].stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
    try:
        with pytest.raises(StorageError):
            tinyflux.append(MORE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert segments()[0].stat().st_size == size
    tinyflux.append(MORE)
    assert stored(tinyflux) == ids(BATCH, MORE)


def test_batch_over_two_days_is_kept_whole_or_not_at_all(
    tinyflux: TinyFluxBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [*BATCH, make_record(9, start_us=BATCH[0].start_us + DAY_US)]
    with failing_write(monkeypatch, keep=20, skip=1), pytest.raises(StorageError):
        tinyflux.append(batch)
    assert stored(tinyflux) == []
    tinyflux.append(batch)
    assert stored(tinyflux) == ids(batch)


def test_batch_is_not_doubled_when_even_cutting_back_failed(
    tinyflux: TinyFluxBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tinyflux.append(BATCH)
    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", broken_disk)
        with failing_write(monkeypatch, keep=400), pytest.raises(StorageError):
            tinyflux.append(MORE)
        with pytest.raises(StorageError, match="Input/output error"):
            tinyflux.append(MORE)
    tinyflux.append(MORE)
    assert stored(tinyflux) == ids(BATCH, MORE)


def broken_disk(*_arguments: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_refused_fsync_refuses_the_batch(
    make_tinyflux: Callable[..., TinyFluxBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_tinyflux(durable=True)
    backend.append(BATCH)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken_disk)
        with pytest.raises(StorageError, match="Input/output error"):
            backend.append(MORE)
    assert stored(backend) == ids(BATCH)
    backend.append(MORE)
    assert stored(backend) == ids(BATCH, MORE)


def test_durable_batch_is_synced_before_it_is_acknowledged(
    make_tinyflux: Callable[..., TinyFluxBackend], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(Path(os.readlink(f"/proc/self/fd/{file}"))) or fsync(file)
    )
    make_tinyflux(durable=False).append(BATCH)
    assert synced == []
    make_tinyflux(durable=True).append([make_record(8, start_us=BATCH[0].start_us + DAY_US)])
    day = data_dir / "raw" / "2026-05-29"
    assert {day, day.parent} <= set(synced)
    assert synced[-1].parent == day


def test_interrupted_batch_is_cut_back(tinyflux: TinyFluxBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    tinyflux.append(BATCH)
    write = os.write

    def interrupted(file: int, data: bytes) -> int:
        write(file, data)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tinyflux.append(MORE)
    assert stored(tinyflux) == ids(BATCH)


def test_record_that_is_none_is_refused_before_anything_is_written(
    tinyflux: TinyFluxBackend, segments: Segments
) -> None:
    with pytest.raises(ValueError, match=r'record record-00000007 of "import_csv" cannot be stored'):
        tinyflux.append([*BATCH, make_record(7, input_size="large")])
    assert segments() == []


def test_closing_leaves_no_empty_segment(
    tinyflux: TinyFluxBackend, segments: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing_write(monkeypatch, keep=10), pytest.raises(StorageError):
        tinyflux.append(BATCH)
    tinyflux.close()
    assert segments() == []


# -- places that cannot be used -------------------------------------------------------------------------------------


def test_file_in_place_of_the_directory_is_said_with_advice(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    data_dir.write_text("in the way")
    with pytest.raises(DataDirError, match="FEATURE_TRACKING_DATA_DIR") as caught:
        tinyflux.append(BATCH)
    assert str(data_dir) in str(caught.value)
    assert caught.value.exit_code == 2


def test_writing_begins_once_the_place_is_usable(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    data_dir.write_text("in the way")
    with pytest.raises(DataDirError):
        tinyflux.append(BATCH)
    data_dir.unlink()
    tinyflux.append(BATCH)
    assert stored(tinyflux) == ids(BATCH)


@pytest.mark.parametrize("name", ["raw", "raw/2026-05-28"])
def test_symlinked_directory_inside_the_store_is_not_followed(
    tinyflux: TinyFluxBackend, data_dir: Path, tmp_path: Path, name: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (data_dir / name).parent.mkdir(parents=True)
    (data_dir / name).symlink_to(elsewhere)
    with pytest.raises(DataDirError, match="symlink"):
        tinyflux.append(BATCH)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("durable", [False, True])
def test_data_directory_itself_may_be_a_symlink(tmp_path: Path, durable: bool) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    backend = TinyFluxBackend(tmp_path / "link", durable=durable)
    backend.append(BATCH)
    backend.close()
    assert stored(TinyFluxBackend(tmp_path / "disk")) == ids(BATCH)


def test_directory_of_another_user_is_said_with_advice() -> None:
    with TemporaryDirectory() as place:
        Path(place).chmod(0o555)
        message = as_nobody(lambda: TinyFluxBackend(Path(place, "data")).append(BATCH))
    assert message.startswith(f"DataDirError: cannot create the directory {place}/data: Permission denied; give")


def as_nobody(work: Callable[[], object]) -> str:
    """Run `work` in a child without root's rights and return the exception it ended with."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setresuid(65534, 65534, 65534)
            work()
            os.write(writing, b"nothing was raised")
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as stream:
        return stream.read().decode()
