"""What is said and done when the file is damaged, foreign, newer, locked, or the disk is full."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.errors import DataDirError, StorageError
from curio_tracking.maintenance import Condition
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo
from curio_tracking.testing import make_record
from curio_tracking_sqlite.backend import SqliteBackend

FILL_DISK = """
import resource, sys
from pathlib import Path
from curio_tracking.errors import StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.testing import make_record
from curio_tracking_sqlite.backend import SqliteBackend

backend = SqliteBackend(Path(sys.argv[1]))
backend.append([make_record(0)])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
batch = [make_record(number, error_message="text " * 2000) for number in range(1, 100)]
try:
    backend.append(batch)
except StorageError as error:
    print(error)
print(len(list(backend.records(RecordQuery()))))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
backend.append(batch)
print(len(list(backend.records(RecordQuery()))))
"""
HOLD_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
OPERATIONS: dict[str, Callable[[SqliteBackend], object]] = {
    "append": lambda backend: backend.append([make_record()]),
    "append_all": lambda backend: backend.append_all([[make_record()]]),
    "declare": lambda backend: backend.declare([FeatureInfo("f", "other")]),
    "records": lambda backend: list(backend.records(RecordQuery())),
    "summaries": lambda backend: list(backend.summaries(SummaryQuery())),
    "delete": lambda backend: backend.delete(RecordQuery()),
    "maintain": lambda backend: backend.maintain(lambda _what, _done, _total: None),
}


def write_garbage(path: Path) -> None:
    path.write_bytes(b"these are no records, but somebody needs them" * 200)


def write_other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE invoices (amount)")
    connection.commit()
    connection.close()


def write_newer_version(path: Path) -> None:
    backend = SqliteBackend(path)
    backend.append([make_record()])
    backend.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()


UNUSABLE = {
    "garbage": (write_garbage, r"no SQLite database .*nothing was changed.* Move it aside"),
    "another program's": (write_other_database, r"another program.*FEATURE_TRACKING_SQLITE__PATH"),
    "a newer version's": (write_newer_version, r"newer curio-tracking-sqlite.*pip install --upgrade"),
}


@pytest.fixture(params=UNUSABLE)
def unusable(request: pytest.FixtureRequest, path: Path) -> str:
    """Return what the error says of the file that is there."""
    path.parent.mkdir()
    write, message = UNUSABLE[request.param]
    write(path)
    return message


@pytest.mark.parametrize("name", OPERATIONS)
def test_unusable_file_is_one_error_that_says_what_to_do(
    path: Path, backend: SqliteBackend, unusable: str, name: str
) -> None:
    with pytest.raises(StorageError, match=unusable) as raised:
        OPERATIONS[name](backend)
    assert str(path) in str(raised.value)


@pytest.mark.usefixtures("unusable")
@pytest.mark.parametrize("name", OPERATIONS)
def test_unusable_file_stays_as_it_is(path: Path, backend: SqliteBackend, name: str) -> None:
    before = path.read_bytes()
    with pytest.raises(StorageError):
        OPERATIONS[name](backend)
    backend.close()
    assert {found.name: found.read_bytes() for found in path.parent.iterdir()} == {path.name: before}


@pytest.mark.usefixtures("unusable")
def test_unusable_file_is_a_finding(backend: SqliteBackend) -> None:
    assert [finding.condition for finding in backend.inspect()] == [Condition.DAMAGED]


def test_damaged_page_is_an_error_and_a_finding(path: Path, backend: SqliteBackend) -> None:
    backend.append([make_record(number, error_message="text " * 200) for number in range(200)])
    backend.close()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"damaged.*Move it aside"):
        list(backend.records(RecordQuery()))
    assert Condition.DAMAGED in [finding.condition for finding in backend.inspect()]
    assert path.read_bytes() == content


def test_recording_begins_anew_once_the_damaged_file_is_moved(path: Path, backend: SqliteBackend) -> None:
    path.parent.mkdir()
    write_garbage(path)
    with pytest.raises(StorageError):
        backend.append([make_record()])
    path.rename(path.with_name("aside"))
    backend.append([make_record()])
    assert list(backend.records(RecordQuery())) == [make_record()]


def test_empty_file_is_an_empty_store(path: Path, backend: SqliteBackend) -> None:
    path.parent.mkdir()
    path.write_bytes(b"")
    assert list(backend.records(RecordQuery())) == []
    assert [finding.condition for finding in backend.inspect()] == [Condition.OK]
    backend.append([make_record()])
    assert list(backend.records(RecordQuery())) == [make_record()]


def test_row_that_another_program_spoilt_hides_no_other(path: Path, backend: SqliteBackend) -> None:
    backend.append([make_record(number) for number in range(4)])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE records SET metadata = '{' WHERE record_id = ?", (make_record(3).record_id,))
    connection.execute("UPDATE records SET status = 'great' WHERE record_id = ?", (make_record(1).record_id,))
    connection.commit()
    connection.close()
    assert list(backend.records(RecordQuery(limit=2))) == [make_record(2), make_record(0)]
    assert backend.quarantined > 0


@pytest.mark.parametrize(
    "changes",
    [{"duration": float("nan")}, {"sample_weight": float("inf")}, {"start_us": 10**18}, {"iterations": 1.5}],
    ids=lambda changes: next(iter(changes)),
)
def test_value_that_is_no_number_is_an_error_that_names_the_record(
    backend: SqliteBackend, changes: dict[str, object]
) -> None:
    # no StorageError: the same batch would fail again for ever
    with pytest.raises(ValueError, match='record record-00000005 of "import_csv" cannot be stored'):
        backend.append([make_record(4), make_record(5, **changes)])
    assert list(backend.records(RecordQuery())) == []


# -- locks -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["PRAGMA locking_mode = EXCLUSIVE", "SELECT 1"], ids=["whole file", "writing"])
def locked_by_another(
    request: pytest.FixtureRequest, path: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> subprocess.Popen[str]:
    backend = SqliteBackend(path)
    backend.append([make_record(1)])
    backend.close()
    process = start_python("-c", HOLD_LOCK, str(path), request.param)
    assert process.stdout.readline() == "locked\n"
    return process


@pytest.mark.usefixtures("locked_by_another")
def test_locked_file_is_an_error_that_names_the_option(path: Path, make_backend: Callable[..., SqliteBackend]) -> None:
    with pytest.raises(StorageError, match=rf"{path} is in use .*0\.2 seconds.*FEATURE_TRACKING_SQLITE__BUSY_SECONDS"):
        make_backend(busy_seconds=0.2).append([make_record(2)])


def test_batch_is_kept_once_the_lock_is_gone(
    make_backend: Callable[..., SqliteBackend], locked_by_another: subprocess.Popen[str]
) -> None:
    backend = make_backend(busy_seconds=0.1)
    with pytest.raises(StorageError):
        backend.append([make_record(2)])
    locked_by_another.communicate()
    backend.append([make_record(2)])
    assert list(backend.records(RecordQuery())) == [make_record(2), make_record(1)]


def test_writer_waits_for_a_lock_that_is_let_go_in_time(
    make_backend: Callable[..., SqliteBackend], locked_by_another: subprocess.Popen[str]
) -> None:
    backend = make_backend(busy_seconds=60)
    locked_by_another.stdin.close()
    backend.append([make_record(2)])
    assert list(backend.records(RecordQuery())) == [make_record(2), make_record(1)]


def test_reader_does_not_wait_for_a_writer(
    path: Path, make_backend: Callable[..., SqliteBackend], start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    backend = make_backend(busy_seconds=0)
    backend.append([make_record(1)])
    process = start_python("-c", HOLD_LOCK, str(path), "SELECT 1")
    assert process.stdout.readline() == "locked\n"
    assert list(make_backend(busy_seconds=0).records(RecordQuery())) == [make_record(1)]


# -- disks -----------------------------------------------------------------------------------------------------------


def test_batch_that_finds_no_room_is_refused_as_a_whole_and_kept_later(
    path: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    finished = python("-c", FILL_DISK, str(path))
    message, refused, kept = finished.stdout.splitlines()
    assert (str(path) in message, refused, kept) == (True, "1", "100")


def test_file_that_may_not_be_written_is_an_error_that_names_the_option(path: Path) -> None:
    # as root every file may be written, so the place is one where nobody can: a directory of the kernel's
    backend = SqliteBackend(Path("/proc/self/records.sqlite"))
    with pytest.raises(DataDirError, match=r"/proc/self/records.sqlite.*FEATURE_TRACKING_SQLITE__PATH"):
        backend.append([make_record()])
