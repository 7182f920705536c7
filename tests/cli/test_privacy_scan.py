"""`privacy scan`: says where private texts are stored, ends as CI needs it, and never shows them."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from curio_tracking.records import FeatureStatus

CANARY: Final = "canary-of-the-mine"
ADDRESS: Final = "ada@example.org"
HOLDER: Final = f"""
import time
from curio_tracking import feature_tracker, track

calls = 0
while not feature_tracker.health()["pending"]:  # the thread may just have been about to write
    with track("first"):
        pass
    feature_tracker.flush(60)
    with track("greet") as run:
        run.add_metadata(note={CANARY!r})
    calls += 1
    time.sleep(0.2)
print(calls, flush=True)
input()
"""
"""An application that has a private text in memory, and runs on; it says how often it has recorded that text."""


@pytest.fixture
def leaky(store: Callable[..., None], record: Callable[..., Any]) -> None:
    """A store into which two private texts came, as a faulty plugin might let them."""
    leaks = {"user_id": CANARY, "error_message": f"mail to {ADDRESS}", "status": FeatureStatus.FAILED}
    store([record(1), record(2, **leaks)])


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("--strict",), 1)])
def test_finding_fails_only_a_strict_scan(run: Any, leaky: None, arguments: tuple[str, ...], code: int) -> None:
    result = run("privacy", "scan", *arguments)
    assert result.code == code
    assert "e-mail address\tplain\t23\ttranslate\terror_message\tr000002\t\t\n" in result.out


def test_strict_scan_fails_though_nobody_reads_all_of_it(
    spawn: Callable[..., Any], store: Callable[..., None], record: Callable[..., Any]
) -> None:
    # more findings than are buffered, so that the closed pipe shows while they are written
    store([record(n, status=FeatureStatus.FAILED, error_message=f"mail to {ADDRESS}") for n in range(3000)])
    read, write = os.pipe()
    os.close(read)
    done = spawn("privacy", "scan", "--strict", "--limit", "0", stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("arguments", [(), ("--strict",)])
def test_clean_store_passes(run: Any, shop: object, arguments: tuple[str, ...]) -> None:
    result = run("privacy", "scan", "--canary", CANARY, *arguments)
    assert (result.code, result.err) == (0, "nothing found in 8 records and 1 files\n")


def test_empty_store_passes(run: Any) -> None:
    result = run("privacy", "scan", "--strict", "--canary", CANARY)
    assert (result.code, result.err) == (0, "nothing found in 0 records and 0 files\n")


def test_canary_is_found_in_the_record_and_in_its_file(run: Any, leaky: None) -> None:
    found = json.loads(run("privacy", "scan", "--canary", CANARY, "--format", "json").out)
    by_canary = [leak for leak in found if leak["found"] == "canary 1"]
    assert [leak["field"] for leak in by_canary] == ["user_id", None]
    assert by_canary[1]["file"].startswith("raw/2026-11-01/")


@pytest.mark.parametrize("format_name", ["table", "json", "jsonl", "csv", "md"])
def test_nothing_private_is_printed(run: Any, leaky: None, format_name: str) -> None:
    result = run("privacy", "scan", "--canary", CANARY, "--format", format_name)
    assert "canary 1" in result.out
    assert [text for text in (CANARY, ADDRESS) if text in result.out + result.err] == []


def test_canaries_come_from_a_file_a_line_each(run: Any, leaky: None, tmp_path: Path) -> None:
    path = tmp_path / "canaries.txt"
    path.write_text(f"-----BEGIN PRIVATE KEY-----\nnot-there\n\n  {CANARY}  \n")
    result = run("privacy", "scan", "--canary", "nor-this", "--canary-file", str(path), "--format", "json")
    assert {leak["found"] for leak in json.loads(result.out)} == {"canary 3", "e-mail address"}


def test_canaries_come_from_stdin(run: Any, leaky: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CANARY}\n"))
    assert run("privacy", "scan", "--strict", "--canary-file", "-").code == 1


@pytest.mark.parametrize("path", ["canaries.txt", "-"])
def test_byte_order_mark_hides_no_canary(run: Any, leaky: None, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    Path("canaries.txt").write_text(f"{CANARY}\n", encoding="utf-8-sig")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"\ufeff{CANARY}\n"))
    found = json.loads(run("privacy", "scan", "--canary-file", path, "--format", "json").out)
    assert "canary 1" in {leak["found"] for leak in found}


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_stdin_that_is_no_text_is_one_message(run: Any, monkeypatch: pytest.MonkeyPatch, errors: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"canary\xff\n"), "utf-8", errors))
    result = run("privacy", "scan", "--canary-file", "-")
    assert (result.code, result.out, result.err) == (2, "", "error: cannot read -: it is no UTF-8 text\n")


def test_closed_stdin_is_one_message(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    result = run("privacy", "scan", "--canary-file", "-")
    assert (result.code, result.out, result.err) == (2, "", "error: there is no canary in -; write one per line\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--canary", "abcde"), "error: canary 1 has fewer than 6 bytes: it would be found by chance; give more\n"),
        (("--canary-file", "nowhere"), "error: cannot read nowhere: No such file or directory\n"),
        (("--canary-file", "."), "error: cannot read .: Is a directory\n"),
        (("--canary-file", "empty"), "error: there is no canary in empty; write one per line\n"),
        (("--canary-file", "binary"), "error: cannot read binary: it is no UTF-8 text\n"),
    ],
)
def test_bad_canaries_are_one_message_and_exit_code_2(run: Any, arguments: tuple[str, ...], message: str) -> None:
    Path("empty").touch()
    Path("binary").write_bytes(b"\xff\xfe")
    result = run("privacy", "scan", *arguments)
    assert (result.code, result.out, result.err) == (2, "", message)


def test_findings_beyond_the_limit_are_counted_and_fail_a_strict_scan(run: Any, leaky: None) -> None:
    result = run("privacy", "scan", "--strict", "--canary", CANARY, "--limit", "1")
    assert (result.code, len(result.out.splitlines())) == (1, 2)
    assert result.err == "1 of 3 findings; --limit 0 shows all\n"


def test_names_of_the_settings_count(run: Any, store: Any, record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store([record(1, metadata={"diagnosis": "flu"})])
    monkeypatch.setenv("FEATURE_TRACKING_REDACT", "diagnosis")
    assert run("privacy", "scan", "--strict").code == 1


def test_records_of_any_backend_are_searched(run: Any, store: Any, record: Any) -> None:
    store([record(1, user_id=CANARY)], backend="csv")
    result = run("--backend", "csv", "privacy", "scan", "--canary", CANARY, "--format", "json")
    assert [leak["file"] for leak in json.loads(result.out)] == [None, "csv/records-2026-11-01.csv"]


def test_what_cannot_be_searched_is_said_and_fails_a_strict_scan(
    run: Any, shop: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("curio_tracking.leaks.scanning.open_file", refuse)
    result = run("privacy", "scan", "--strict", "--canary", CANARY)
    assert result.code == 1
    assert re.search(r"^cannot be searched: .*\.csv: Permission denied$", result.err, re.MULTILINE)


@pytest.fixture
def start_holder(
    start_application: Callable[..., subprocess.Popen[str]],
) -> Callable[[str], tuple[subprocess.Popen[str], int]]:
    """Start an application that writes what it has in memory after so many seconds; tell how often it has the text."""

    def start(flush_seconds: str) -> tuple[subprocess.Popen[str], int]:
        process = start_application(HOLDER, FEATURE_TRACKING_FLUSH_SECONDS=flush_seconds)
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    return start


def test_what_a_running_application_has_in_memory_is_waited_for(run: Any, start_holder: Callable[..., Any]) -> None:
    process, calls = start_holder("6")
    result = run("privacy", "scan", "--strict", "--canary", CANARY, "--format", "json")
    assert process.poll() is None
    assert result.code == 1
    assert [leak["field"] for leak in json.loads(result.out)].count("metadata.note") == calls


def test_application_that_cannot_be_waited_for_fails_a_strict_scan(run: Any, start_holder: Callable[..., Any]) -> None:
    process, _calls = start_holder("3600")
    result = run("privacy", "scan", "--strict", "--canary", CANARY)
    assert result.code == 1
    assert re.search(
        rf"^cannot be searched: what process {process.pid} has in memory: .*; scan again after that$",
        result.err,
        re.MULTILINE,
    )
