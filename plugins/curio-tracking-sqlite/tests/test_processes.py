"""Several processes at once: real ones, killed and forked at bad moments."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.errors import StorageError
from curio_tracking.testing import make_record
from curio_tracking.testing.backend_examples import EVERYTHING
from curio_tracking.testing.forked import exit_code, fork
from curio_tracking_sqlite.backend import SqliteBackend
from curio_tracking_sqlite.database import Database

WRITE_FOREVER = """
import sys
from itertools import count
from pathlib import Path
from curio_tracking.testing import make_record
from curio_tracking_sqlite.backend import SqliteBackend

# two that never rest: which of them gets the lock next is not said
backend, first = SqliteBackend(Path(sys.argv[1]), busy_seconds=600), int(sys.argv[2])
for number in count(first, 5):
    backend.append([make_record(number + place, error_message="text " * 100) for place in range(5)])
    print(number, flush=True)
"""
WRITE_MANY = """
import sys
from pathlib import Path
from curio_tracking.testing import make_record
from curio_tracking_sqlite.backend import SqliteBackend

backend, first = SqliteBackend(Path(sys.argv[1]), busy_seconds=600), int(sys.argv[2])
for number in range(first, first + 500, 10):
    backend.append([make_record(number + place) for place in range(10)])
backend.close()
"""
FORK_AND_CLOSE = """
import os, sys
from pathlib import Path
from curio_tracking.testing import make_record
from curio_tracking_sqlite.backend import SqliteBackend

backend = SqliteBackend(Path(sys.argv[1]))
backend.append([make_record(0)])
go_on, told = os.pipe()
ready, tell = os.pipe()
child = os.fork()
if child == 0:
    backend.append([make_record(number) for number in range(1, 11)])
    os.write(tell, b"x")
    os.read(go_on, 1)
    backend.append([make_record(number) for number in range(11, 21)])
    os._exit(0)
os.read(ready, 1)
backend.append([make_record(21)])
backend.close()
os.write(told, b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def numbers_in(path: Path) -> Counter[str]:
    return Counter(record.record_id for record in SqliteBackend(path).records(EVERYTHING))


def ids(numbers: range) -> Counter[str]:
    return Counter(make_record(number).record_id for number in numbers)


def test_many_processes_write_at_once(path: Path, start_python: Callable[..., subprocess.Popen[str]]) -> None:
    writers = [start_python("-c", WRITE_MANY, str(path), str(number * 500)) for number in range(6)]
    assert [writer.wait() for writer in writers] == [0] * 6
    assert numbers_in(path) == ids(range(3000))


@pytest.mark.parametrize("acknowledged", [1, 2, 17, 60])
def test_killed_writer_loses_and_doubles_nothing(
    path: Path, start_python: Callable[..., subprocess.Popen[str]], acknowledged: int
) -> None:
    writers = [start_python("-c", WRITE_FOREVER, str(path), str(first)) for first in (0, 1_000_000)]
    for _batch in range(acknowledged):
        last = [int(writer.stdout.readline()) for writer in writers]
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    # what was printed before the kill, but not read yet, was acknowledged as well
    last = [int((writer.stdout.read().split() or [number])[-1]) for writer, number in zip(writers, last, strict=True)]
    for writer in writers:
        writer.wait()
    found = numbers_in(path)
    kept = ids(range(last[0] + 5)) + ids(range(1_000_000, last[1] + 5))
    assert kept <= found
    assert set(found.values()) == {1}
    assert sum((found - kept).values()) in (0, 5, 10), "a batch in flight is there as a whole or not at all"


def test_file_of_killed_writers_is_whole(path: Path, start_python: Callable[..., subprocess.Popen[str]]) -> None:
    writer = start_python("-c", WRITE_FOREVER, str(path), "0")
    writer.stdout.readline()
    writer.kill()
    writer.wait()
    numbers_in(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_batch_of_a_killed_process_that_comes_again_is_kept_once(
    path: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    writer = start_python("-c", WRITE_FOREVER, str(path), "0")
    last = int(writer.stdout.readline())
    writer.kill()
    writer.wait()
    backend = SqliteBackend(path)
    for start in range(0, last + 10, 5):
        backend.append([make_record(start + place) for place in range(5)])
    found = numbers_in(path)
    assert ids(range(last + 10)) <= found
    assert set(found.values()) == {1}
    backend.close()


def test_child_keeps_what_it_wrote_after_its_parent_closed(
    path: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    finished = python("-c", FORK_AND_CLOSE, str(path))
    assert (finished.returncode, finished.stderr) == (0, "")
    assert numbers_in(path) == ids(range(22))


def test_no_connection_is_open_across_a_fork(backend: SqliteBackend) -> None:
    backend.append([make_record()])
    database = backend._database
    assert database.is_open

    def see_it_closed() -> None:
        assert not database.is_open

    assert exit_code(fork(see_it_closed)) == 0
    see_it_closed()


def test_connection_ends_with_the_thread_that_has_opened_it(backend: SqliteBackend) -> None:
    # as the tracker's writer does before a fork that began before anything here was imported
    thread = threading.Thread(target=backend.append, args=([make_record()],))
    thread.start()
    thread.join()
    assert not backend._database.is_open


def test_child_forked_in_the_middle_of_a_write_is_told_and_writes_nothing(path: Path) -> None:
    database = Database(path)
    is_writing, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with database.writing():
            is_writing.set()
            may_end.wait()

    thread = threading.Thread(target=write)
    thread.start()
    is_writing.wait()

    def be_refused() -> None:
        with pytest.raises(StorageError, match="forked in the middle of a write"):
            SqliteBackend(path).append([make_record()])

    code = exit_code(fork(be_refused))
    may_end.set()
    thread.join()
    database.close()
    assert code == 0
    assert numbers_in(path) == Counter()


def test_reader_in_a_child_sees_what_the_parent_wrote(backend: SqliteBackend) -> None:
    backend.append([make_record(1)])

    def see_it() -> None:
        assert list(backend.records(EVERYTHING)) == [make_record(1)]

    assert exit_code(fork(see_it)) == 0
