"""migrate: what the command says and does, from outside."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from shelf_backend import ShelfBackend

from curio_tracking.errors import StorageError
from curio_tracking.privacy.keys import KeyRing
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureInfo, FeatureRecord
from curio_tracking.storage.csv import CsvBackend
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

Run = Callable[..., Any]
TO_CSV = ("migrate", "--from", "tinyflux", "--to", "csv")


def ids(backend: Any) -> list[str]:
    return sorted(record.record_id for record in backend.records(RecordQuery()))


def figures(result: Any) -> dict[str, Any]:
    return dict(json.loads(result.out))


# -- copying --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "route", [("tinyflux", "csv", "tinyflux"), ("tinyflux", "shelf", "csv"), ("tinyflux", "csv", "shelf")]
)
def test_statistics_and_records_are_the_same_wherever_they_went(
    shop: list[FeatureRecord], shelf: None, run: Run, tmp_path: Path, route: tuple[str, ...]
) -> None:
    commands = [("list-features", "--format", "json"), ("list-records", "--limit", "0", "--format", "json")]
    before = [run(*command).out for command in commands]
    places = [os.environ["FEATURE_TRACKING_DATA_DIR"], str(tmp_path / "1"), str(tmp_path / "2")]
    for (old, here), (new, there) in pairwise(zip(route, places, strict=True)):
        assert run("migrate", "--from", old, "--to", new, "--from-dir", here, "--to-dir", there).code == 0
    root = ("--backend", route[-1], "--data-dir", places[-1])
    assert [run(*root, *command).out for command in commands] == before


def test_result_is_one_object(shop: list[FeatureRecord], run: Run) -> None:
    result = run(*TO_CSV, "--format", "json")
    found = figures(result)
    assert found.pop("source_checksum") == found.pop("target_checksum")
    assert found == {
        "source": "tinyflux",
        "target": "csv",
        "records": 8,
        "copied": 8,
        "already_there": 0,
        "verified": 8,
        "missing": 0,
        "different": 0,
        "left_out": 0,
        "repeated": 0,
        "first_record": "2026-11-01T12:00:00.000000Z",
        "last_record": "2026-11-01T12:00:07.000000Z",
        "declared_features": 0,
        "statistics": "equal",
        "left_behind_calls": 0,
        "left_behind_rows": 0,
    }
    assert (result.code, result.err) == (0, "")


def test_person_is_told_what_to_do_next(shop: list[FeatureRecord], run: Run) -> None:
    result = run(*TO_CSV)
    done, advice = result.err.splitlines()
    (checksum,) = re.findall(r"target_checksum\t(\w{32})", result.out)
    assert done == f"all 8 records are in csv, with the same checksum, {checksum}; tinyflux is unchanged"
    assert advice == (
        "to use it, set FEATURE_TRACKING_BACKEND=csv and start applications again; then run this command again for "
        "what they have recorded meanwhile"
    )


def test_person_is_told_the_new_directory_as_well(shop: list[FeatureRecord], run: Run, tmp_path: Path) -> None:
    new = tmp_path / "new place"
    advice = run("migrate", "--from", "tinyflux", "--to", "tinyflux", "--to-dir", str(new)).err.splitlines()[-1]
    assert advice.startswith(f"to use it, set FEATURE_TRACKING_DATA_DIR='{new}' and start")


def test_nothing_is_advised_once_the_new_backend_is_in_use(
    shop: list[FeatureRecord], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "csv")
    (done,) = run(*TO_CSV).err.splitlines()
    assert done.endswith("; tinyflux is unchanged")


def test_data_dir_of_the_root_holds_for_both(
    shop: list[FeatureRecord], run: Run, data_dir: Path, tmp_path: Path
) -> None:
    data_dir.rename(tmp_path / "elsewhere")
    assert run("--data-dir", str(tmp_path / "elsewhere"), *TO_CSV).code == 0
    assert len(ids(CsvBackend(tmp_path / "elsewhere"))) == 8


def test_backend_is_copied_into_another_directory(shop: list[FeatureRecord], run: Run, tmp_path: Path) -> None:
    result = run("migrate", "--from", "tinyflux", "--to", "tinyflux", "--to-dir", str(tmp_path / "new"))
    assert result.code == 0
    assert len(ids(TinyFluxBackend(tmp_path / "new"))) == 8


def test_declared_features_come_along(shop: list[FeatureRecord], run: Run, data_dir: Path) -> None:
    TinyFluxBackend(data_dir).declare([FeatureInfo("never", "other", "m:f")])
    assert figures(run(*TO_CSV, "--format", "json"))["declared_features"] == 1
    assert '"never"' in run("--backend", "csv", "list-features", "--format", "json").out


def test_dry_run_writes_nothing(shop: list[FeatureRecord], run: Run, data_dir: Path) -> None:
    before = sorted(data_dir.rglob("*"))
    result = run(*TO_CSV, "--dry-run", "--format", "json")
    assert (figures(result)["missing"], figures(result)["copied"]) == (8, 0)
    assert (result.code, result.err) == (0, "dry run: 8 records would be copied; nothing was changed\n")
    assert sorted(data_dir.rglob("*")) == before


def test_progress_is_shown_on_a_terminal_and_nowhere_else(
    shop: list[FeatureRecord], on_terminal: Run, spawn: Run
) -> None:
    assert "copying and comparing" in on_terminal(*TO_CSV).out
    assert "copying" not in spawn(*TO_CSV).stderr


# -- users ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ada(run: Run, data_dir: Path) -> None:
    """A store in which a user has a pseudonym."""
    record = {"feature_name": "greet", "category": "other", "status": "success", "duration": 1, "user_id": "ada"}
    Path("one.jsonl").write_text(json.dumps(record | {"record_id": "r1", "start_time": "2026-11-01T12:00:00Z"}) + "\n")
    assert run("import", "one.jsonl").code == 0


def records_of_ada(run: Run, data_dir: Path) -> int:
    root = ("--backend", "csv", "--data-dir", str(data_dir))
    return len(json.loads(run(*root, "list-records", "--user", "ada", "--format", "json").out))


def test_user_is_found_by_the_plain_id_in_the_same_directory(ada: None, run: Run, data_dir: Path) -> None:
    assert run(*TO_CSV).code == 0
    assert records_of_ada(run, data_dir) == 1


def test_user_is_found_by_the_plain_id_in_another_directory(ada: None, run: Run, tmp_path: Path) -> None:
    result = run(*TO_CSV, "--to-dir", str(tmp_path / "new"))
    assert f"the keys of pseudonyms were copied to {tmp_path / 'new' / 'keys'}" in result.err
    assert records_of_ada(run, tmp_path / "new") == 1


def test_other_keys_in_the_target_are_kept_and_it_is_said(ada: None, run: Run, tmp_path: Path) -> None:
    own = KeyRing(tmp_path / "new" / "keys").newest_or_new()
    result = run(*TO_CSV, "--to-dir", str(tmp_path / "new"))
    assert result.code == 0
    assert "could not be taken along" in result.err
    assert KeyRing(tmp_path / "new" / "keys").all() == [own]


# -- what stays behind ----------------------------------------------------------------------------------------------


def test_calls_whose_records_are_gone_are_named_before_and_after(
    run: Run, data_dir: Path, record: Callable[..., FeatureRecord]
) -> None:
    now_us, day_us = time.time_ns() // 1000, 86_400_000_000
    writer = TinyFluxBackend(data_dir)
    writer.append([record(n, start_us=now_us - 200 * day_us + n) for n in range(5)])
    writer.append([record(n, start_us=now_us - day_us + n) for n in range(10, 13)])
    writer.close()
    TinyFluxBackend(data_dir, retention_days=90).maintain(lambda _what, _done, _total: None)
    result = run(*TO_CSV, "--format", "json")
    before, after = result.err.splitlines()
    assert before.startswith("5 calls until ")
    assert before.endswith("by their totals alone, because their records were removed; only records can be copied")
    assert after == (
        "left behind in tinyflux: 5 calls that are known by their totals alone; keep its files if you need them"
    )
    assert (figures(result)["records"], figures(result)["left_behind_calls"], result.code) == (3, 5, 0)


def test_what_the_target_counts_without_holding_it_is_left_out_and_named(
    run: Run, data_dir: Path, record: Callable[..., FeatureRecord]
) -> None:
    old_us = time.time_ns() // 1000 - 200 * 86_400_000_000
    records = [record(n, start_us=old_us + n) for n in range(5)]
    for backend in (CsvBackend(data_dir), TinyFluxBackend(data_dir)):
        backend.append(records)
        backend.close()
    TinyFluxBackend(data_dir, retention_days=90).maintain(lambda _what, _done, _total: None)
    result = run("migrate", "--from", "csv", "--to", "tinyflux", "--format", "json")
    found = figures(result)
    assert (result.code, found["records"], found["copied"], found["left_out"]) == (0, 5, 0, 5)
    assert result.err == (
        "left out: 5 records of days whose records tinyflux has removed; it still counts their calls, and would count "
        "them twice\n"
    )


def test_rows_that_are_no_records_are_counted(
    shop: list[FeatureRecord], run: Run, data_dir: Path, tmp_path: Path
) -> None:
    run(*TO_CSV)
    (file,) = (data_dir / "csv").glob("records-*.csv")
    with file.open("a") as stream:
        stream.write("no record\n")
    result = run("migrate", "--from", "csv", "--to", "tinyflux", "--to-dir", str(tmp_path / "new"), "--format", "json")
    assert figures(result)["left_behind_rows"] == 1
    assert "1 rows of csv are no records; they cannot be copied" in result.err


# -- errors ---------------------------------------------------------------------------------------------------------


def test_empty_source_is_no_error_and_nothing_is_made(run: Run, data_dir: Path) -> None:
    result = run(*TO_CSV, "--format", "json")
    assert (result.code, figures(result)["records"]) == (0, 0)
    assert result.err == f"nothing to migrate: tinyflux holds no records in {data_dir}\n"
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "tinyflux"), "missing option '--to'"),
        (("--from", "tinyflx", "--to", "csv"), 'unknown backend "tinyflx"'),
        (("--from", "tinyflux", "--to", "cvs"), 'unknown backend "cvs"'),
        (("--from", "tinyflux", "--to", "tinyflux"), "source and target are the same store: tinyflux in"),
        (("--from", "tinyflux", "--to", "TinyFlux", "--to-dir", "."), "source and target are the same store"),
        (("--from", "memory", "--to", "csv"), "the backend memory keeps records only as long as a process lives"),
        (("--from", "csv", "--to", "memory"), "the backend memory keeps records only as long as a process lives"),
        (("--from", "tinyflux", "--to", "csv", "--format", "xml"), 'unknown format "xml"'),
    ],
)
def test_usage_error_is_one_message_and_code_2(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", os.getcwd())
    result = run("migrate", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {message}")
    assert len(result.err.splitlines()) == 1


def test_one_file_in_two_directories_is_no_target(
    shelf: None, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "usage.sqlite"
    monkeypatch.setattr(ShelfBackend, "__init__", lambda self, _path: setattr(self, "path", there))
    result = run("migrate", "--from", "shelf", "--to", "shelf", "--to-dir", str(tmp_path / "new"))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: source and target are the same store: shelf keeps its records in {there}, ")


def test_target_that_cannot_be_written_is_named(shop: list[FeatureRecord], run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(*TO_CSV, "--to-dir", str(tmp_path / "file" / "new"))
    assert result.code == 2
    assert result.err.startswith(f"error: cannot create the directory {tmp_path / 'file' / 'new'}")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StorageError("the disk is full"), "the disk is full"),
        (RuntimeError("lost\ncontact"), "RuntimeError: lost contact"),
    ],
)
def test_target_that_fails_is_named_with_what_to_do(
    shop: list[FeatureRecord], run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(CsvBackend, "append", fail)
    result = run(*TO_CSV)
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines() == [
        f"error: writing to csv failed: {reason}",
        "error: what was copied so far stays, nothing is lost; remove the cause, then run the same command again",
    ]


def test_target_that_cannot_be_closed_either_is_named_with_its_first_failure(
    shop: list[FeatureRecord], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(text: str) -> Callable[..., None]:
        def raise_it(*_arguments: object) -> None:
            raise RuntimeError(text)

        return raise_it

    monkeypatch.setattr(CsvBackend, "append", fail("no space"))
    monkeypatch.setattr(CsvBackend, "close", fail("no door"))
    assert run(*TO_CSV).err.startswith("error: writing to csv failed: RuntimeError: no space\n")


def test_target_that_cannot_be_closed_is_named(
    shop: list[FeatureRecord], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("no door")

    monkeypatch.setattr(CsvBackend, "close", fail)
    result = run(*TO_CSV)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: closing csv failed: RuntimeError: no door\n")


def test_source_that_fails_is_named(shop: list[FeatureRecord], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise StorageError("cannot read it")

    monkeypatch.setattr(TinyFluxBackend, "records", fail)
    result = run(*TO_CSV)
    assert result.code == 1
    assert result.err.startswith("error: reading tinyflux failed: cannot read it")


def test_records_that_did_not_arrive_are_named(
    shop: list[FeatureRecord], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = CsvBackend.append
    monkeypatch.setattr(CsvBackend, "append", lambda self, records: append(self, records[1:]))
    result = run(*TO_CSV, "--format", "json")
    assert result.code == 1
    assert figures(result)["missing"] == 1
    assert result.err.splitlines()[0] == (
        "error: csv: 2026-11-01T12:00:00.000000Z to 2026-11-01T12:00:07.000000Z: 8 records in the source, 7 of "
        "them in the target (1 missing, 0 different, for example r000000)"
    )
    assert "keep tinyflux, which is unchanged, and run the same command again" in result.err


def test_dry_run_reports_another_record_under_the_same_id(shop: list[FeatureRecord], run: Run, data_dir: Path) -> None:
    CsvBackend(data_dir).append([replace(shop[3], duration=9.0)])
    result = run(*TO_CSV, "--dry-run", "--format", "json")
    assert (result.code, figures(result)["different"]) == (1, 1)
    assert "error: csv holds other records under these ids; they would stay as they are" in result.err.splitlines()


def test_same_command_mends_what_did_not_arrive(
    shop: list[FeatureRecord], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = CsvBackend.append
    with monkeypatch.context() as patch:
        patch.setattr(CsvBackend, "append", lambda self, records: append(self, records[1:]))
        run(*TO_CSV)
    result = run(*TO_CSV, "--format", "json")
    assert (result.code, figures(result)["copied"], figures(result)["already_there"]) == (0, 1, 7)


def test_backend_of_a_third_party_that_fails_is_named(
    shop: list[FeatureRecord], shelf: None, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ShelfBackend, "append", fail)
    result = run("migrate", "--from", "tinyflux", "--to", "shelf")
    assert result.code == 1
    assert result.err.startswith("error: writing to shelf failed: OSError: [Errno 28] No space left on device\n")
