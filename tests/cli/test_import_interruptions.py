"""Nothing is half imported: kills at chosen moments, Ctrl-C and full disks, with and without the backend's help."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from killing import killed_before

from curio_tracking.cli import main
from curio_tracking.errors import StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.settings import load_settings
from curio_tracking.storage.csv import CsvBackend
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

Run = Callable[..., Any]
STEPS = ("fsync", "rename")
"""System calls before which the process is killed; tests/storage/test_tinyflux_staging.py kills at all others too."""
DAYS = 3
ALL = [f"r{number:02}" for number in range(4 * DAYS)]


@pytest.fixture
def file(record: Callable[..., FeatureRecord]) -> str:
    """A file of twelve records over three days, one bad line among them."""
    rows = [
        record(n, record_id=name, start_us=record().start_us + n % DAYS * 86_400_000_000) for n, name in enumerate(ALL)
    ]
    lines = [json.dumps(one.as_dict()) for one in rows]
    Path("file.jsonl").write_text("\n".join([*lines[:5], "bad", *lines[5:], ""]))
    return "file.jsonl"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curio_tracking.importing.delivery.PAGE", 5)
    monkeypatch.setattr("curio_tracking.importing.delivery.BATCH", 2)


def stored(backend: TinyFluxBackend | CsvBackend) -> list[str]:
    return sorted(record.record_id for record in backend.records(RecordQuery()))


def killed_at(number: int, *arguments: str) -> bool:
    """Run the program in a child that is killed before its system call `number`, and say whether it came to that."""
    return killed_before(number, STEPS, lambda: main(arguments))


# -- the backend takes all or none ----------------------------------------------------------------------------------


def test_killed_import_leaves_nothing_or_everything_and_a_second_one_each_record_once(
    file: str, tmp_path: Path, record: Callable[..., FeatureRecord], run: Run
) -> None:
    found = set()
    everything = sorted([*ALL, record(99).record_id])
    for number in range(1000):
        data_dir = tmp_path / f"data-{number}"
        root = ("--data-dir", str(data_dir))
        was_killed = killed_at(number, *root, "import", file)
        writer = TinyFluxBackend(data_dir)
        writer.append([record(99)])
        writer.close()
        seen = stored(writer)
        assert seen in ([record(99).record_id], everything)
        found.add(len(seen))
        assert run(*root, "import", file).code == 1  # for the bad line
        assert stored(writer) == everything
        if not was_killed:
            break
    assert found == {1, 13}
    assert 10 < number < 999


def test_full_disk_imports_nothing(file: str, data_dir: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    calls = iter(range(10**9))

    def full(descriptor: int, data: bytes) -> int:
        return write(descriptor, data if next(calls) < 3 else data[:7])

    with monkeypatch.context() as patch:
        patch.setattr("curio_tracking.storage.files.os.write", full)
        result = run("import", file)
    assert result.code == 1
    assert result.err.startswith("error: cannot write")
    assert stored(TinyFluxBackend(data_dir)) == []
    assert not Path(f"{file}.rejected").exists()


def test_full_disk_of_temporary_files_imports_nothing(
    file: str, data_dir: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = "CREATE TABLE draft (record_id BLOB PRIMARY KEY, start_us INTEGER, row BLOB); PRAGMA max_page_count = 3;"
    monkeypatch.setattr("curio_tracking.importing.draft._SCHEMA", schema)
    monkeypatch.setattr("curio_tracking.importing.draft.BATCH", 2)
    with Path(file).open("a") as stream:
        stream.writelines(one_more(number) for number in range(20))
    result = run("import", file)
    assert result.code == 1
    assert "cannot keep the records aside: database or disk is full; nothing was imported" in result.err
    assert not (data_dir / "raw").exists()


def one_more(number: int) -> str:
    values = {"record_id": f"m{number}", "feature_name": "f" * 500, "category": "other", "status": "success"}
    return json.dumps(values | {"start_time": "2026-11-01T12:00:00Z", "duration": 1}) + "\n"


# -- the backend takes batches --------------------------------------------------------------------------------------


@pytest.fixture
def csv_store(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> CsvBackend:
    """A csv store that holds two of the file's records already, and another one."""
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "csv")
    return CsvBackend(load_settings(strict=True).data_dir)


@pytest.mark.parametrize("turn", range(5))
@pytest.mark.parametrize("error", [StorageError("disk full"), KeyboardInterrupt()])
def test_failed_batch_takes_back_what_was_stored_and_nothing_else(
    file: str,
    csv_store: CsvBackend,
    run: Run,
    record: Callable[..., FeatureRecord],
    monkeypatch: pytest.MonkeyPatch,
    turn: int,
    error: BaseException,
) -> None:
    before = [
        record(n, record_id=name, start_us=record().start_us + n % DAYS * 86_400_000_000)
        for n, name in ((3, ALL[3]), (11, ALL[11]))
    ]
    csv_store.append([*before, record(50)])
    append = CsvBackend.append
    calls = iter(range(100))

    def failing(self: CsvBackend, records: list[FeatureRecord]) -> None:
        append(self, records)
        if next(calls) == turn:
            raise error

    with monkeypatch.context() as patch:
        patch.setattr(CsvBackend, "append", failing)
        assert run("import", file).code == (1 if isinstance(error, StorageError) else 130)
    assert stored(csv_store) == sorted([ALL[3], ALL[11], record(50).record_id])
    assert run("import", file).err.endswith("imported 10, already there 2, rejected 1\n")
    assert stored(csv_store) == sorted([*ALL, record(50).record_id])


def test_kill_between_batches_is_completed_by_a_second_import(
    file: str, csv_store: CsvBackend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = os.fork()
    if child == 0:
        append = CsvBackend.append
        calls = iter(range(100))

        def dying(self: CsvBackend, records: list[FeatureRecord]) -> None:
            append(self, records)
            if next(calls) == 2:
                os.kill(os.getpid(), signal.SIGKILL)

        CsvBackend.append = dying  # type: ignore[method-assign]
        try:
            main(["import", file])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert 0 < len(stored(csv_store)) < len(ALL)
    assert run("import", file).code == 1
    assert stored(csv_store) == ALL


def test_what_cannot_be_taken_back_is_said(
    file: str, csv_store: CsvBackend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise StorageError("read-only")

    with monkeypatch.context() as patch:
        append = CsvBackend.append
        calls = iter(range(100))
        patch.setattr(
            CsvBackend, "append", lambda self, records: append(self, records) if next(calls) < 2 else refuse()
        )
        patch.setattr(CsvBackend, "delete", refuse)
        result = run("import", file)
    assert result.code == 1
    assert "could not be taken back: read-only; import the file again: it completes what is there" in result.err
    assert run("import", file).code == 1
    assert stored(csv_store) == ALL
