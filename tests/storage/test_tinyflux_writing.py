"""The writing side: private files, one write per batch, new segments when needed, one per process."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.errors import StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.storage.tinyflux import writer
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.upkeep import deletion
from curio_tracking.testing import make_record

DAY_US = 86_400_000_000
BATCH = [make_record(number) for number in range(5)]
MORE = [make_record(number) for number in range(5, 9)]
Segments = Callable[[], list[Path]]


def stored(backend: TinyFluxBackend) -> list[str]:
    return sorted(record.record_id for record in backend.records(RecordQuery()))


def ids(*batches: list) -> list[str]:
    return sorted(record.record_id for batch in batches for record in batch)


def open_files(paths: list[Path]) -> list[str]:
    targets = [os.readlink(entry.path) for entry in os.scandir("/proc/self/fd") if os.path.islink(entry.path)]
    return [target for target in targets if Path(target) in paths]


# -- files ----------------------------------------------------------------------------------------------------------


def test_nothing_is_created_before_the_first_record(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    tinyflux.append([])
    tinyflux.close()
    assert not data_dir.exists()


def test_files_are_private_whatever_the_umask(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    before = os.umask(0)
    try:
        tinyflux.append(BATCH)
        tinyflux.declare([])
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [data_dir, *data_dir.rglob("*")]}
    assert set(modes.values()) == {0o700, 0o600}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items())


def test_segment_is_named_after_day_host_and_process(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(BATCH)
    (segment,) = segments()
    assert segment.parent.name == "2026-05-28"
    host, process_id, nonce, sequence = segment.stem.rsplit("-", 3)
    assert socket.gethostname().startswith(host[:1])
    assert (process_id, len(nonce), sequence) == (str(os.getpid()), 8, "0")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("../../etc", "_.._etc"),
        ("a/b\\c d", "a_b_c_d"),
        ("", "host"),
        ("...", "host"),
        ("naïve", "na_ve"),
        ("h" * 300, "h" * 64),
        ("web-1.example.org", "web-1.example.org"),
    ],
)
def test_host_name_cannot_leave_the_directory(
    tinyflux: TinyFluxBackend,
    segments: Segments,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    expected: str,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    tinyflux.append(BATCH)
    (segment,) = segments()
    assert segment.stem.rsplit("-", 3)[0] == expected
    assert stored(tinyflux) == ids(BATCH)


def test_batch_is_one_write(tinyflux: TinyFluxBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    tinyflux.append(BATCH)
    writes: list[int] = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: writes.append(len(data)) or write(file, data))
    tinyflux.append(MORE)
    assert len(writes) == 1


def test_batches_of_a_day_share_a_segment(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    for record in BATCH:
        tinyflux.append([record])
    assert len(segments()) == 1


def test_record_is_kept_with_the_day_of_its_start(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([make_record(shift, start_us=BATCH[0].start_us + shift * DAY_US) for shift in (0, 1, -1)])
    assert [segment.parent.name for segment in segments()] == ["2026-05-27", "2026-05-28", "2026-05-29"]


def test_at_most_a_few_segments_stay_open(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    for day in range(20):
        tinyflux.append([make_record(day, start_us=BATCH[0].start_us + day * DAY_US)])
    assert len(open_files(segments())) == writer.MAX_LIVE
    assert len(stored(tinyflux)) == 20


def test_segment_of_a_day_that_is_over_is_sealed_when_idle(
    tinyflux: TinyFluxBackend, segments: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    tinyflux.append(BATCH)
    tomorrow = make_record(9, start_us=BATCH[0].start_us + DAY_US)
    tinyflux.append([tomorrow])
    assert len(open_files(segments())) == 2
    monkeypatch.setattr(writer, "IDLE_SECONDS", -1.0)
    tinyflux.append([make_record(10, start_us=tomorrow.start_us)])
    assert [Path(name).parent.name for name in open_files(segments())] == ["2026-05-29"]


def test_full_segment_is_followed_by_another(
    tinyflux: TinyFluxBackend, segments: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_BYTES", 1_000)
    for record in BATCH + MORE:
        tinyflux.append([record])
    sizes = [segment.stat().st_size for segment in segments()]
    assert len(sizes) > 1
    assert max(sizes) < 2_000
    assert stored(tinyflux) == ids(BATCH, MORE)


def test_writing_goes_on_when_the_store_is_removed(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(BATCH)
    (segment,) = segments()
    segment.unlink()
    segment.parent.rmdir()
    tinyflux.append(MORE)
    assert stored(tinyflux) == ids(MORE)


# -- processes ------------------------------------------------------------------------------------------------------


def run_in_child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_forked_child_writes_a_segment_of_its_own(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(BATCH)
    (own,) = segments()
    before = own.read_bytes()
    assert run_in_child(lambda: tinyflux.append(MORE)) == 0
    assert own.read_bytes() == before
    assert len(segments()) == 2
    tinyflux.append([make_record(20)])
    assert stored(tinyflux) == ids(BATCH, MORE, [make_record(20)])


def test_forked_child_closes_the_parents_files_and_leaves_their_lock(
    tinyflux: TinyFluxBackend,
    make_tinyflux: Callable[..., TinyFluxBackend],
    segments: Segments,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deletion, "HANDOVER_SECONDS", 0.01)
    tinyflux.append(BATCH)

    def child() -> None:
        assert open_files(segments()) == []
        tinyflux.close()

    assert run_in_child(child) == 0
    # the lock is still the parent's: nobody else may rewrite the segment
    with pytest.raises(StorageError, match=f"process {os.getpid()}"):
        make_tinyflux().delete(RecordQuery())
    tinyflux.append(MORE)
    assert stored(tinyflux) == ids(BATCH, MORE)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_new_segments_never_meet_an_old_name(
    make_tinyflux: Callable[..., TinyFluxBackend],
    segments: Segments,
    monkeypatch: pytest.MonkeyPatch,
    is_sealed: bool,
) -> None:
    urandom = os.urandom
    monkeypatch.setattr(os, "urandom", lambda count: bytes(count) if count == 4 else urandom(count))
    first, second = make_tinyflux(), make_tinyflux()
    first.append(BATCH)
    if is_sealed:
        first.close()
    second.append(MORE)
    assert len(segments()) == 2
    assert stored(first) == ids(BATCH, MORE)


def test_forked_child_takes_a_nonce_of_its_own(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    # process ids are no identity: two containers that share a store both have a process 1
    tinyflux.append(BATCH)
    assert run_in_child(lambda: tinyflux.append(MORE)) == 0
    assert len({segment.stem.rsplit("-", 2)[1] for segment in segments()}) == 2


def test_segment_of_a_killed_parent_is_sealed_although_its_child_lives_on(data_dir: Path) -> None:
    code = (
        "import os, sys, signal\n"
        "from curio_tracking import feature_tracker, track_feature\n"
        "track_feature('f')(lambda: None)()\n"
        "assert feature_tracker.flush(60)\n"
        "if os.fork():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "print('child', flush=True)\n"
        "sys.stdin.read()\n"
    )
    environment = {**os.environ, "FEATURE_TRACKING_DATA_DIR": str(data_dir)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "child\n"
        host.wait(180)
        findings = {finding.part: finding.files for finding in TinyFluxBackend(data_dir).inspect()}
        assert (findings["segments, live"], findings["segments, sealed"]) == (0, 1)
