"""forget: the user is gone from everything there is, the receipt says so truly, and the id shows nowhere."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from health_examples import leave_health
from killing import killed_before

from curio_tracking import FeatureTracker
from curio_tracking.cli import main
from curio_tracking.privacy.anonymize import pseudonym
from curio_tracking.privacy.keys import KeyRing
from curio_tracking.queues import LATE_SECONDS, MOST_SECONDS, await_queues
from curio_tracking.storage.tinyflux.upkeep import deletion
from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine

Run = Callable[..., Any]
Store = Callable[..., None]
ADA = "ada.lovelace"
STEPS = ("open", "write", "fsync", "unlink", "replace", "rename")
"""System calls before which the command is killed."""
WRITER = """
import select, sys, time
from curio_tracking import feature_tracker, track, tracking_context
calls = 0
def call(user):
    with tracking_context(user_id=user), track("work"):
        pass
for _ in range(300):
    call("ada.lovelace")
feature_tracker.flush(60)
for _ in range(10):
    call("ada.lovelace")
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.001)[0]:
    call("bob")
    calls += 1
feature_tracker.close()
print(calls, feature_tracker.health()["written"])
"""
"""Goes on until its standard input is closed; then it says how often it has recorded the other user, and all in all."""


@pytest.fixture
def ids(data_dir: Path) -> list[str]:
    """The pseudonyms of the user under two keys, the older one first."""
    ring = KeyRing(data_dir / "keys")
    ring.newest_or_new()
    ring.rotate()
    return [pseudonym(key, "user", ADA) for key in reversed(ring.all())]


@pytest.fixture
def records(record: Callable[..., Any], ids: list[str]) -> list[Any]:
    """Ten records: four of the user's (two keys, plain, one that only mentions the user) and six of others."""
    return [
        record(0, user_id=ids[0]),
        record(1, user_id=ids[1]),
        record(2, user_id=ADA),
        record(3, user_id="1:" + "0" * 32, metadata={"user_id": ids[0]}),
        *(record(number, user_id="2:" + "f" * 32) for number in range(4, 10)),
    ]


def users(run: Run, *options: str) -> list[str]:
    rows = json.loads(run(*options, "list-records", "--format", "json", "--limit", "0").out)
    return [row["user_id"] for row in rows]


def receipt_of(result: Any) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(result.out)
    return values


def forget(run: Run, *options: str) -> Any:
    return run("forget", ADA, "--yes", "--format", "json", *options)


@pytest.mark.parametrize("backend", ["tinyflux", "csv"])
def test_user_is_erased_under_all_keys_and_plain_and_where_only_mentioned(
    run: Run, store: Store, records: list[Any], monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", backend)
    store(records)
    result = forget(run)
    assert (result.code, result.err) == (0, "")
    values = receipt_of(result)
    assert (values["complete"], values["found"], values["erased"], values["remaining"]) == (True, 4, 4, 0)
    assert values["by_key"] == {"1": 2, "2": 1, "plain": 1}
    assert values["by_day"] == {"2026-11-01": 4}
    assert values["keys"] == [2, 1]
    assert users(run) == ["2:" + "f" * 32] * 6


def test_records_in_compressed_segments_and_their_rollups_are_corrected(
    run: Run, store: Store, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_RETENTION_DAYS", "0")  # the records bear a fixed date
    store(records)
    run("maintain")
    assert forget(run).code == 0
    (feature,) = json.loads(run("list-features", "--format", "json").out)
    assert (feature["total_calls"], feature["unique_users"]) == (6, 1)


def test_stores_of_other_backends_in_the_directory_are_not_forgotten(
    run: Run, store: Store, records: list[Any]
) -> None:
    store(records)
    store(records, backend="csv")
    values = receipt_of(forget(run))
    assert {one["backend"]: one["erased"] for one in values["stores"]} == {"tinyflux": 4, "csv": 4}
    assert ADA not in users(run, "--backend", "csv")


def test_quarantined_rows_that_name_the_user_go(
    run: Run, store: Store, records: list[Any], ids: list[str], data_dir: Path
) -> None:
    store(records)
    quarantine = Quarantine(data_dir)
    quarantine.add("2026-11-01", "host-1-aa-0", [b"damaged," + ids[0].encode(), b"damaged otherwise"])
    assert forget(run).code == 0
    assert quarantine.count() == 1


def test_no_pseudonym_of_the_user_stays_in_any_file(
    run: Run, store: Store, records: list[Any], ids: list[str], data_dir: Path
) -> None:
    store(records)
    forget(run, "--receipt", "receipt.json")
    found = [path for path in (*data_dir.rglob("*"), Path("receipt.json")) if path.is_file()]
    assert not [path for path in found for one in (*ids, ADA) if one.encode() in path.read_bytes()]


def test_copy_that_somebody_put_into_the_directory_is_named(
    run: Run, store: Store, records: list[Any], ids: list[str], data_dir: Path
) -> None:
    store(records)
    (data_dir / "copy.txt").write_text(f"an export: {ids[1]}")
    result = forget(run)
    assert result.code == 1
    assert "copy.txt: a pseudonym of the user still stands there" in result.err


@pytest.mark.parametrize("arguments", [("--yes",), ("--dry-run",), ()])
def test_id_is_neither_printed_nor_logged(
    run: Run, store: Store, records: list[Any], arguments: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    store(records)
    caplog.set_level("DEBUG")
    for format_name in ("table", "json", "csv", "md"):
        result = run("forget", ADA, *arguments, "--format", format_name)
        assert ADA not in result.out + result.err + caplog.text


def test_dry_run_counts_and_changes_nothing(run: Run, store: Store, records: list[Any], data_dir: Path) -> None:
    store(records)
    before = {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    result = run("forget", ADA, "--dry-run", "--format", "json")
    assert (result.code, receipt_of(result)["found"], receipt_of(result)["erased"]) == (0, 4, 0)
    assert {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()} == before


def test_empty_store_is_complete_and_creates_nothing(run: Run, data_dir: Path) -> None:
    assert receipt_of(forget(run))["complete"]
    assert not data_dir.exists()


def test_nothing_is_erased_where_nobody_can_be_asked(
    run: Run, store: Store, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(records)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    result = run("forget", ADA)
    assert result.code == 2
    assert "--yes" in result.err
    assert ADA in users(run)


def test_id_is_read_from_stdin(run: Run, store: Store, records: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    store(records)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{ADA}\n"))
    assert receipt_of(run("forget", "-", "--yes", "--format", "json"))["erased"] == 4


def test_byte_order_mark_in_front_is_no_part_of_the_id(
    run: Run, store: Store, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(records)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"\ufeff{ADA}\n"))
    assert receipt_of(run("forget", "-", "--yes", "--format", "json"))["erased"] == 4


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_stdin_that_is_no_text_is_one_message_without_the_id(
    run: Run, monkeypatch: pytest.MonkeyPatch, errors: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ada\xff\n"), "utf-8", errors))
    result = run("forget", "-", "--yes")
    message = "error: cannot read the standard input: it is no UTF-8 text\n"
    assert (result.code, result.out, result.err) == (2, "", message)


def test_stdin_that_cannot_be_read_is_one_message(spawn: Callable[..., Any]) -> None:
    with open(os.devnull, "wb") as nothing_to_read:
        done = spawn("forget", "-", "--yes", stdin=nothing_to_read)
    message = "error: cannot read the standard input: Bad file descriptor\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize("text", ["", "\n", f"{ADA}\nbob\n"])
def test_stdin_that_names_no_single_user_is_refused(
    run: Run, store: Store, records: list[Any], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    store(records)
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    assert run("forget", "-", "--yes").code == 2
    assert ADA in users(run)


def test_receipt_is_private_and_says_what_is_printed(
    run: Run, store: Store, records: list[Any], tmp_path: Path
) -> None:
    store(records)
    path = tmp_path / "receipt.json"
    old = os.umask(0)
    try:
        result = forget(run, "--receipt", str(path))
    finally:
        os.umask(old)
    assert json.loads(path.read_text()) == receipt_of(result)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("is_link", [False, True])
def test_receipt_takes_no_name_that_is_taken_and_nothing_is_erased(
    run: Run, store: Store, records: list[Any], tmp_path: Path, is_link: bool
) -> None:
    store(records)
    path = tmp_path / "receipt.json"
    if is_link:
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.write_text("mine")
    assert forget(run, "--receipt", str(path)).code == 2
    assert ADA in users(run)
    assert path.is_symlink() or path.read_text() == "mine"


def test_receipt_that_cannot_be_kept_is_complained_of_before_anything_is_erased(
    run: Run, store: Store, records: list[Any]
) -> None:
    store(records)
    # a file system that takes no file, also of root
    result = forget(run, "--receipt", "/proc/receipt.json")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: cannot write /proc/receipt.json: ")
    assert result.err.endswith("; choose another place for the receipt; nothing was changed\n")
    assert ADA in users(run)


def test_receipt_is_shown_where_it_could_not_be_kept_after_all(
    run: Run, store: Store, records: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_draft: Path, _path: Path, **_options: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store(records)
    path = tmp_path / "receipt.json"
    monkeypatch.setattr("curio_tracking.cli.files._give_name", refuse)
    result = forget(run, "--receipt", str(path))
    assert receipt_of(result)["erased"] == 4
    assert (result.code, result.err) == (1, f"error: cannot write {path}: No space left on device\n")
    assert not path.exists()


@pytest.mark.parametrize("reader", ["closed pipe", "full disk"])
def test_receipt_is_kept_though_its_output_is_not_taken(
    spawn: Callable[..., Any], store: Store, records: list[Any], tmp_path: Path, reader: str
) -> None:
    store(records)
    path = tmp_path / "receipt.json"
    read, write = os.pipe()
    os.close(read)
    taker = write if reader == "closed pipe" else os.open("/dev/full", os.O_WRONLY)
    # unbuffered: each line is refused as it is written
    variables = os.environ | {"PYTHONUNBUFFERED": "1"}
    done = spawn("forget", ADA, "--yes", "--receipt", str(path), stdout=taker, env=variables)
    assert json.loads(path.read_text())["erased"] == 4
    assert done.returncode == (0 if reader == "closed pipe" else 1)


def test_incomplete_receipt_fails_though_nobody_reads_it(
    spawn: Callable[..., Any], store: Store, records: list[Any], data_dir: Path
) -> None:
    store(records)
    (data_dir / "keys" / "1.key").write_bytes(b"short")
    read, write = os.pipe()
    os.close(read)
    done = spawn("forget", ADA, "--yes", stdout=write, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    os.close(write)
    assert done.returncode == 1
    assert "stored under key 1 cannot be found" in done.stderr


def test_damaged_key_is_a_failure_that_is_named(run: Run, store: Store, records: list[Any], data_dir: Path) -> None:
    store(records)
    (data_dir / "keys" / "1.key").write_bytes(b"short")
    result = forget(run)
    assert result.code == 1
    assert "stored under key 1 cannot be found" in result.err
    assert receipt_of(result)["by_key"] == {"2": 1, "plain": 1}


def test_records_whose_key_is_gone_are_counted(run: Run, store: Store, records: list[Any], data_dir: Path) -> None:
    store(records)
    (data_dir / "keys" / "1.key").unlink()
    assert receipt_of(forget(run))["unknown_key_records"] == 2


def test_totals_of_days_without_records_are_named(
    run: Run, store: Store, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(records)
    monkeypatch.setenv("FEATURE_TRACKING_RETENTION_DAYS", "1")
    run("maintain")
    values = receipt_of(forget(run))
    assert values["stores"][0]["totals_only"] == 10
    assert "10 calls are known only as totals" in values["not_corrected"][0]


def test_backend_that_cannot_delete_is_a_failure(
    run: Run, plugin: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(
        "stubborn",
        f"""
from curio_tracking import hookimpl
from curio_tracking.interfaces import BaseBackend
from curio_tracking.testing import make_record

class Stubborn(BaseBackend):
    def append(self, records): pass
    def records(self, query): yield make_record(1, user_id="{ADA}")
    def delete(self, query): raise OSError(30, "Read-only file system, says {ADA}")

@hookimpl
def curio_register_backends(register):
    register("stubborn", lambda settings: Stubborn())
""",
    )
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "stubborn")
    result = forget(run)
    assert result.code == 1
    assert "Read-only file system, says [user]" in result.err
    assert receipt_of(result)["remaining"] == 1


@pytest.mark.parametrize("option", ["--yes", "--dry-run"])
def test_memory_of_other_processes_is_a_failure_that_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "memory")
    result = run("forget", ADA, option)
    assert result.code == 1
    assert "memory: its records are in the memory of the process that tracks" in result.err


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 0), ("n", 130, 1)])
def test_person_at_a_terminal_is_asked(
    store: Store, record: Callable[..., Any], run: Run, answer: str, code: int, left: int
) -> None:
    store([record(0, user_id=ADA)])
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    command = [sys.executable, "-m", "curio_tracking", "forget", ADA]
    ended = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=180, check=False)
    os.close(ours)
    os.close(theirs)
    assert ended.returncode == code
    assert "Erase this user for good" in ended.stderr
    assert len(users(run)) == left


@pytest.fixture
def start_writer(start_application: Callable[..., subprocess.Popen[str]]) -> Callable[..., subprocess.Popen[str]]:
    """Start an application that has recorded the user and goes on with another one."""

    def start(**variables: str) -> subprocess.Popen[str]:
        process = start_application(WRITER, **variables)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    return start


@pytest.fixture
def writer(start_writer: Callable[..., subprocess.Popen[str]]) -> subprocess.Popen[str]:
    # it writes after a hundred calls, but counts as one to be waited for much longer: it may be late by seconds
    return start_writer(FEATURE_TRACKING_FLUSH_SECONDS="4")


def test_user_is_erased_while_another_process_goes_on_writing(
    run: Run, writer: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "HANDOVER_SECONDS", 120.0)
    values = receipt_of(forget(run))
    assert writer.poll() is None
    # what it still held in memory, too
    assert (values["complete"], values["found"], values["erased"]) == (True, 310, 310)
    calls, written = map(int, writer.communicate(timeout=180)[0].split())
    assert written == 310 + calls
    (feature,) = json.loads(run("list-features", "--format", "json").out)
    assert (feature["total_calls"], feature["unique_users"]) == (calls, 1)


def test_process_that_does_not_hand_over_is_named(
    run: Run, start_writer: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "HANDOVER_SECONDS", 0.05)
    # it hears nothing before it writes again; stopped, as it may just be about to look after its flush
    process = start_writer(FEATURE_TRACKING_FLUSH_SECONDS="3600", FEATURE_TRACKING_FLUSH_INTERVAL="100000")
    process.send_signal(signal.SIGSTOP)
    result = forget(run)
    assert result.code == 1
    assert f"in the segment of process {process.pid}" in result.err
    assert receipt_of(result)["remaining"] >= 300  # and those made after its flush, if it wrote them at once


def test_process_that_keeps_records_in_memory_for_long_is_named(
    run: Run, data_dir: Path, start_writer: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start_writer(FEATURE_TRACKING_FLUSH_SECONDS="3600")
    values = receipt_of(run("forget", ADA, "--dry-run", "--format", "json"))
    (said,) = [text for text in values["not_reached"] if "process" in text]
    # a first flush that took long on a busy machine counts, too
    assert re.match(rf"what process {process.pid} has in memory: it may write only after 36\d\d seconds", said)


@pytest.mark.parametrize(
    ("flush_seconds", "waited"), [(1.0, 1.0 + 0.5 + LATE_SECONDS), (9.4, MOST_SECONDS), (9.6, None)]
)
def test_process_that_wakes_late_is_waited_for_ten_seconds_at_most(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, flush_seconds: float, waited: float | None
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("curio_tracking.queues.os.getpid", lambda: -1)  # as another process would look at it
    monkeypatch.setattr("curio_tracking.queues.time.sleep", waits.append)
    file = leave_health(data_dir, flush_seconds=flush_seconds, max_flush=0.5)
    left = await_queues(data_dir, "look again")
    file.close()
    assert waits == ([] if waited is None else [waited])
    assert len(left) == (waited is None)


def test_process_that_is_paused_after_a_fork_holds_nothing_and_is_not_waited_for(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curio_tracking.queues.os.getpid", lambda: -1)  # as another process would look at it
    file = leave_health(data_dir, state="paused", flush_seconds=3600.0)
    assert await_queues(data_dir, "look again") == []
    file.close()


def test_process_whose_backend_refuses_is_named_and_not_waited_for(
    run: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = leave_health(data_dir, state="retrying", max_flush=0.1)
    monkeypatch.setattr("curio_tracking.queues.os.getpid", lambda: -1)  # as another process would look at it
    monkeypatch.setattr("curio_tracking.queues.time.sleep", pytest.fail)
    (said,) = [text for text in receipt_of(forget(run))["not_reached"] if "process" in text]
    file.close()
    assert "(shop) has in memory: its backend does not take it now" in said


@pytest.mark.parametrize("backend", ["tinyflux", "csv"])
def test_killed_before_any_system_call_and_run_again_it_completes(
    run: Run, store: Store, records: list[Any], monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", backend)
    number = 0
    while True:
        store(records)
        if not killed_before(number, STEPS, lambda: main(["forget", ADA, "--yes", "--format", "json"])):
            break
        result = forget(run)
        assert (result.code, result.err) == (0, "")
        assert users(run) == ["2:" + "f" * 32] * 6
        run("forget", "2:" + "f" * 32, "--yes")
        assert users(run) == []
        number += 1
    assert number > 3


@pytest.mark.parametrize("backend", ["tinyflux", "csv", "memory"])
def test_tracker_forgets_what_is_still_in_its_queue(make_tracker: Callable[..., FeatureTracker], backend: str) -> None:
    tracker = make_tracker(backend=backend, flush_seconds=0.2)
    for user in (ADA, "bob", ADA):
        tracker.complete_custom_tracking(tracker.start_custom_tracking("work", user_id=user))
    receipt = tracker.forget(ADA)
    assert (receipt["complete"], receipt["erased"]) == (True, 2)
    assert len(tracker.records()) == 1
    assert tracker.records(user_id=ADA) == []


@pytest.mark.parametrize("anonymize", [True, False])
@pytest.mark.parametrize("length", [512, 513, 2_000])
def test_user_with_a_long_id_is_found_and_forgotten(
    make_tracker: Callable[..., FeatureTracker], anonymize: bool, length: int
) -> None:
    tracker, user = make_tracker(anonymize=anonymize), "x" * length
    tracker.complete_custom_tracking(tracker.start_custom_tracking("work", user_id=user, metadata={"user_id": user}))
    assert len(tracker.records(user_id=user)) == 1
    receipt = tracker.forget(user)
    assert (receipt["complete"], receipt["erased"]) == (True, 1)
    assert tracker.records() == []
