"""The csv backend: files that a spreadsheet opens, shared by all processes, repaired by whoever writes next."""

from __future__ import annotations

import csv
import errno
import fcntl
import os
import resource
import stat
from pathlib import Path

import pytest

from curio_tracking.errors import DataDirError, StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.storage import files
from curio_tracking.storage.csv import CsvBackend
from curio_tracking.storage.tables import COLUMNS
from curio_tracking.testing import START_US, make_record
from curio_tracking.testing.backend_examples import newest_first

DAY_US = 86_400_000_000
EVERYTHING = RecordQuery()
BATCH = [make_record(number) for number in range(4)]
MORE = [make_record(number) for number in range(4, 7)]


@pytest.fixture
def backend(data_dir: Path) -> CsvBackend:
    return CsvBackend(data_dir)


@pytest.fixture
def day_file(data_dir: Path) -> Path:
    return data_dir / "csv" / "records-2026-05-28.csv"


def stored(backend: CsvBackend) -> list[str]:
    return sorted(record.record_id for record in backend.records(EVERYTHING))


def ids(*batches: list) -> list[str]:
    return sorted(record.record_id for batch in batches for record in batch)


def test_nothing_is_created_before_the_first_record(backend: CsvBackend, data_dir: Path) -> None:
    backend.append([])
    assert list(backend.records(EVERYTHING)) == []
    assert backend.delete(EVERYTHING) == 0
    backend.close()
    assert not data_dir.exists()


def test_files_are_private_whatever_the_umask(backend: CsvBackend, data_dir: Path) -> None:
    before = os.umask(0)
    try:
        backend.append(BATCH)
        backend.delete(RecordQuery(limit=1, record_ids=frozenset({BATCH[0].record_id})))
    finally:
        os.umask(before)
    for path in [data_dir, *data_dir.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_any_reader_of_csv_opens_a_file(backend: CsvBackend, day_file: Path) -> None:
    backend.append([make_record(1, feature_name='a "name", with =signs', error_message="=1+1\n=2")])
    with day_file.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert tuple(row) == COLUMNS
    assert row["feature_name"] == 'a "name", with =signs'
    assert row["start_time"] == "2026-05-28T20:26:40.000001Z"
    assert row["error_message"].startswith("'")


def test_header_is_written_once_by_several_instances(backend: CsvBackend, data_dir: Path, day_file: Path) -> None:
    backend.append(BATCH)
    CsvBackend(data_dir).append(MORE)
    lines = day_file.read_bytes().split(b"\r\n")
    assert lines[0] == ",".join(COLUMNS).encode()
    assert len(lines) == 1 + len(BATCH) + len(MORE) + 1


def test_record_is_one_physical_line(backend: CsvBackend, day_file: Path) -> None:
    backend.append([make_record(1, error_message="a\nb\r\nc", user_id="\n")])
    assert day_file.read_bytes().count(b"\n") == 2


def test_days_have_files_of_their_own(backend: CsvBackend, data_dir: Path) -> None:
    backend.append([make_record(day, start_us=START_US + day * DAY_US) for day in range(3)])
    assert sorted(path.name for path in (data_dir / "csv").iterdir()) == [
        "records-2026-05-28.csv",
        "records-2026-05-29.csv",
        "records-2026-05-30.csv",
    ]


def test_days_that_nobody_asks_for_are_not_read(backend: CsvBackend, day_file: Path) -> None:
    tomorrow = make_record(9, start_us=START_US + DAY_US)
    backend.append([*BATCH, tomorrow])
    damage(day_file, b"broken")
    assert list(backend.records(RecordQuery(limit=1))) == [tomorrow]
    assert list(backend.records(RecordQuery(since_us=START_US + DAY_US))) == [tomorrow]
    assert backend.quarantined == 0


def damage(path: Path, line: bytes) -> None:
    path.write_bytes(path.read_bytes() + line + b"\r\n")


@pytest.mark.parametrize("broken", [b"broken", b'"unclosed', b"\xff\xfe", b"\x00" * 9, b"," * 24, b"x" * 200_000])
def test_one_bad_line_never_hides_a_good_one(backend: CsvBackend, day_file: Path, broken: bytes) -> None:
    backend.append(BATCH)
    damage(day_file, broken)
    backend.append(MORE)
    assert stored(backend) == ids(BATCH, MORE)
    assert stored(backend) == ids(BATCH, MORE)
    assert backend.quarantined == 1


def test_file_that_a_spreadsheet_saved_again_is_read(backend: CsvBackend, day_file: Path) -> None:
    backend.append([*BATCH, make_record(9, error_message="=1\n=2", metadata={"a": [1, 2]})])
    expected = list(backend.records(EVERYTHING))
    with day_file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    moved = [list(reversed(row)) for row in rows]
    with day_file.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(moved)
    assert list(backend.records(EVERYTHING)) == expected


@pytest.mark.parametrize("text", ["my,own,table\r\n1,2,3\r\n", "\xff\xfe", '"\r\n', "\r\n"])
def test_file_with_another_header_is_left_alone(backend: CsvBackend, day_file: Path, text: str) -> None:
    day_file.parent.mkdir(parents=True)
    day_file.write_text(text + "x\r\n", encoding="latin-1", newline="")
    before = day_file.read_bytes()
    backend.append(BATCH)
    assert day_file.read_bytes() == before
    assert stored(backend) == ids(BATCH)
    assert backend.delete(EVERYTHING) == len(BATCH)
    assert day_file.read_bytes() == before


# -- failures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("torn", [b"half a row", b'record,"', b"\x00" * 100_000])
def test_torn_line_is_cut_by_the_next_writer(backend: CsvBackend, day_file: Path, torn: bytes) -> None:
    backend.append(BATCH)
    day_file.write_bytes(day_file.read_bytes() + torn)
    assert stored(backend) == ids(BATCH)
    backend.append(MORE)
    assert stored(backend) == ids(BATCH, MORE)
    assert torn not in day_file.read_bytes()


def test_torn_header_is_replaced(backend: CsvBackend, day_file: Path) -> None:
    day_file.parent.mkdir(parents=True)
    day_file.write_bytes(b"record_id,featu")
    backend.append(BATCH)
    assert stored(backend) == ids(BATCH)


def test_file_that_may_not_grow_refuses_the_batch_and_takes_it_later(backend: CsvBackend, day_file: Path) -> None:
    backend.append(BATCH)
    before = day_file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limits[1]))
    try:
        with pytest.raises(StorageError):
            backend.append(MORE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert day_file.read_bytes() == before
    backend.append(MORE)
    assert stored(backend) == ids(BATCH, MORE)


def test_batch_over_two_days_is_kept_whole_or_not_at_all(backend: CsvBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [*BATCH, make_record(9, start_us=START_US + DAY_US)]
    write, calls = os.write, []

    def second_fails(file: int, data: bytes) -> int:
        calls.append(file)
        return write(file, data[: len(data) // (2 if len(calls) > 1 else 1)])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", second_fails)
        with pytest.raises(StorageError, match="bytes could be written"):
            backend.append(batch)
    assert len(calls) == 2
    assert stored(backend) == []
    backend.append(batch)
    assert stored(backend) == ids(batch)


def test_batch_is_not_doubled_when_even_cutting_back_failed(
    backend: CsvBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    backend.append(BATCH)
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", broken)
        patch.setattr(os, "write", lambda file, data: write(file, data) - 1)
        with pytest.raises(StorageError):
            backend.append(MORE)
    backend.append(MORE)
    backend.append([make_record(20)])
    assert stored(backend) == ids(BATCH, MORE, [make_record(20)])


def test_durable_batch_is_synced(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(Path(os.readlink(f"/proc/self/fd/{file}")).name) or fsync(file)
    )
    CsvBackend(data_dir).append(BATCH)
    assert synced == []
    CsvBackend(data_dir, durable=True).append(MORE)
    assert synced == ["records-2026-05-28.csv"]
    CsvBackend(data_dir, durable=True).append([make_record(9, start_us=START_US + DAY_US)])
    assert synced[1:] == ["records-2026-05-29.csv", "csv"]


def test_lock_that_is_never_freed_is_said(backend: CsvBackend, day_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.append(BATCH)
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.05)
    with day_file.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match=r"another process has held its lock for 0\.05 s"):
            backend.append(MORE)
    backend.append(MORE)
    assert stored(backend) == ids(BATCH, MORE)


def test_symlink_in_place_of_a_file_is_not_followed(backend: CsvBackend, day_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("")
    day_file.parent.mkdir(parents=True)
    day_file.symlink_to(target)
    with pytest.raises(DataDirError):
        backend.append(BATCH)
    assert target.read_text() == ""


def test_file_in_place_of_the_directory_is_said_with_advice(backend: CsvBackend, data_dir: Path) -> None:
    data_dir.write_text("in the way")
    with pytest.raises(DataDirError, match="FEATURE_TRACKING_DATA_DIR"):
        backend.append(BATCH)


# -- deletion while others write ------------------------------------------------------------------------------------


def test_deleting_works_while_another_process_writes(backend: CsvBackend, data_dir: Path) -> None:
    child = os.fork()
    if child == 0:
        try:
            for number in range(300):
                CsvBackend(data_dir).append([make_record(1_000 + number, user_id="ann" if number % 2 else "bob")])
        except BaseException:
            os._exit(1)
        os._exit(0)
    deleted = 0
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        deleted += backend.delete(RecordQuery(user_ids=frozenset({"ann"})))
    deleted += backend.delete(RecordQuery(user_ids=frozenset({"ann"})))
    assert deleted == 150
    assert [record.user_id for record in backend.records(EVERYTHING)] == ["bob"] * 150


def test_nothing_of_a_deleted_record_stays_on_the_disk(backend: CsvBackend, data_dir: Path, day_file: Path) -> None:
    backend.append([make_record(1, user_id="ann"), make_record(2, user_id="bob")])
    damage(day_file, b"half,a,row,of,ann")
    backend.delete(RecordQuery(user_ids=frozenset({"ann"})))
    assert not any(b"ann" in path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    assert list(backend.records(EVERYTHING)) == [make_record(2, user_id="bob")]


def test_file_that_becomes_empty_is_removed(backend: CsvBackend, day_file: Path) -> None:
    backend.append(BATCH)
    backend.delete(EVERYTHING)
    assert not day_file.exists()
    backend.append(BATCH)
    assert list(backend.records(EVERYTHING)) == newest_first(BATCH)


def test_deletion_removes_what_a_killed_deletion_left_of_the_file_at_once(
    backend: CsvBackend, day_file: Path, data_dir: Path
) -> None:
    backend.append(BATCH)
    left = day_file.with_name(f".{day_file.name}.1-aa{files.TEMPORARY}")
    left.write_bytes(day_file.read_bytes())
    others = day_file.with_name(f".declared.1-aa{files.TEMPORARY}")
    others.touch()
    backend.delete(RecordQuery(record_ids=frozenset({BATCH[0].record_id})))
    assert (left.exists(), others.exists()) == (False, True)
