"""Where the file is, who may read it, and when it comes into being."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curio_tracking.errors import DataDirError
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo
from curio_tracking.testing import make_record
from curio_tracking_sqlite.backend import SqliteBackend
from curio_tracking_sqlite.database import Database


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_reader_leaves_no_file(tmp_path: Path, backend: SqliteBackend) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert list(backend.records(RecordQuery())) == []
    assert list(backend.summaries(SummaryQuery())) == []
    assert backend.delete(RecordQuery()) == 0
    assert backend.remarks(SummaryQuery()) == []
    backend.inspect()
    backend.rest(lambda: False)
    backend.maintain(lambda _what, _done, _total: None)
    backend.close()
    assert sorted(tmp_path.rglob("*")) == before


def test_empty_batch_and_no_declarations_leave_no_file(tmp_path: Path, backend: SqliteBackend) -> None:
    before = sorted(tmp_path.rglob("*"))
    backend.append([])
    backend.declare([])
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("no_umask")
def test_all_files_are_private_whatever_the_umask(path: Path, backend: SqliteBackend) -> None:
    backend.append([make_record()])
    list(backend.records(RecordQuery()))
    assert {found.name: mode_of(found) for found in path.parent.iterdir()} == dict.fromkeys(
        (path.name, f"{path.name}-wal", f"{path.name}-shm"), 0o600
    )


@pytest.mark.usefixtures("no_umask")
def test_directories_that_are_made_are_private(tmp_path: Path) -> None:
    backend = SqliteBackend(tmp_path / "a" / "b" / "records.sqlite")
    backend.append([make_record()])
    backend.close()
    assert [mode_of(tmp_path / "a"), mode_of(tmp_path / "a" / "b")] == [0o700, 0o700]


def test_directory_that_was_there_keeps_its_mode(path: Path, backend: SqliteBackend) -> None:
    path.parent.mkdir(mode=0o750)
    backend.append([make_record()])
    assert mode_of(path.parent) == 0o750


@pytest.mark.parametrize("does_exist", [True, False])
def test_symlink_is_not_followed(tmp_path: Path, path: Path, backend: SqliteBackend, does_exist: bool) -> None:
    target = tmp_path / "elsewhere"
    if does_exist:
        target.write_bytes(b"")
    path.parent.mkdir()
    path.symlink_to(target)
    with pytest.raises(DataDirError, match=r"symlink .* FEATURE_TRACKING_SQLITE__PATH"):
        backend.append([make_record()])
    with pytest.raises(DataDirError, match="symlink"):
        list(backend.records(RecordQuery()))
    assert (target.read_bytes() if does_exist else target.exists()) in (b"", False)


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_symlink_in_place_of_a_companion_file_is_not_followed(
    tmp_path: Path, path: Path, backend: SqliteBackend, suffix: str
) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"mine")
    path.parent.mkdir()
    path.with_name(path.name + suffix).symlink_to(target)
    try:
        backend.append([make_record()])
    except DataDirError:
        pass
    assert target.read_bytes() == b"mine"


def test_data_directory_may_be_reached_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    backend = SqliteBackend(tmp_path / "link" / "records.sqlite")
    backend.append([make_record()])
    backend.close()
    assert (tmp_path / "disk" / "records.sqlite").is_file()


def test_directory_in_place_of_the_file_is_an_error_that_names_it(path: Path, backend: SqliteBackend) -> None:
    path.mkdir(parents=True)
    with pytest.raises(DataDirError, match=f"{path}.*no file"):
        backend.append([make_record()])


def test_file_in_place_of_the_directory_is_an_error_that_names_it(path: Path, backend: SqliteBackend) -> None:
    path.parent.write_text("")
    with pytest.raises(DataDirError, match=f"{path}.*FEATURE_TRACKING_SQLITE__PATH"):
        backend.append([make_record()])


@pytest.mark.parametrize("name", ["with space.sqlite", "a?b#c%41.sqlite", "naïve.sqlite", "ü\udcff.sqlite"])
def test_name_with_odd_characters_is_the_files_name(tmp_path: Path, name: str) -> None:
    backend = SqliteBackend(tmp_path / "data" / name)
    backend.append([make_record()])
    backend.close()
    assert [found.name for found in (tmp_path / "data").iterdir()] == [name]


def test_file_that_was_removed_meanwhile_is_made_anew(path: Path, backend: SqliteBackend) -> None:
    backend.append([make_record(1)])
    for found in path.parent.iterdir():
        found.unlink()
    backend.append([make_record(2)])
    assert list(SqliteBackend(path).records(RecordQuery())) == [make_record(2)]


def test_file_that_was_replaced_meanwhile_is_the_one_that_counts(
    tmp_path: Path, path: Path, backend: SqliteBackend
) -> None:
    other = SqliteBackend(tmp_path / "data" / "other.sqlite")
    other.append([make_record(7)])
    other.close()
    backend.append([make_record(1)])
    (tmp_path / "data" / "other.sqlite").rename(path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()
    backend.append([make_record(8)])
    assert list(SqliteBackend(path).records(RecordQuery())) == [make_record(8), make_record(7)]


def test_declaring_what_is_known_writes_nothing(
    path: Path, backend: SqliteBackend, make_backend: Callable[..., SqliteBackend]
) -> None:
    features = [FeatureInfo("f", "other", "app:f"), FeatureInfo("\ud800", "other")]
    backend.declare(features)
    backend.close()
    before = path.read_bytes()
    make_backend().declare(features)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("is_durable", "expected"), [(False, 1), (True, 2)], ids=["os-NORMAL", "fsync-FULL"])
def test_durability_is_the_synchronous_mode_of_the_log(path: Path, is_durable: bool, expected: int) -> None:
    database = Database(path, is_durable=is_durable)
    with database.outside(is_needed=True) as connection:
        assert connection is not None
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    database.close()
    assert found == ["wal", expected]
