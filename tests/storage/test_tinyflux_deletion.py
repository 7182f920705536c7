"""Deletion: sealed segments are rewritten whole, living ones once their owners let go; who does not is named."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.errors import StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.rows import format_row
from curio_tracking.storage.tinyflux.upkeep import deletion
from curio_tracking.testing import make_record

MakeTinyFlux = Callable[..., TinyFluxBackend]
Segments = Callable[[], list[Path]]
EVERYTHING = RecordQuery()
ANN = RecordQuery(user_ids=frozenset({"ann"}))
MIXED = [make_record(number, user_id="ann" if number % 2 else "bob") for number in range(6)]


def users(backend: TinyFluxBackend) -> list[str | None]:
    return [record.user_id for record in backend.records(EVERYTHING)]


def test_own_live_segment_is_sealed_and_rewritten(tinyflux: TinyFluxBackend) -> None:
    tinyflux.append(MIXED)
    assert tinyflux.delete(ANN) == 3
    assert users(tinyflux) == ["bob"] * 3
    tinyflux.append(MIXED[:2])
    assert sorted(map(str, users(tinyflux))) == ["ann", *["bob"] * 4]


def test_nothing_of_a_deleted_record_stays_on_the_disk(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    tinyflux.append(MIXED)
    tinyflux.delete(ANN)
    assert not any(b"ann" in path.read_bytes() for path in data_dir.rglob("*") if path.is_file())


def test_rewritten_segment_keeps_its_name_and_is_private(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(MIXED)
    before = segments()
    umask = os.umask(0)
    try:
        tinyflux.delete(ANN)
    finally:
        os.umask(umask)
    assert segments() == before
    assert stat.S_IMODE(before[0].stat().st_mode) == 0o600
    assert [path.name for path in before[0].parent.iterdir()] == [before[0].name]


def test_segment_that_becomes_empty_is_removed(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(MIXED)
    assert tinyflux.delete(EVERYTHING) == 6
    assert segments() == []


def test_segments_without_a_match_are_not_touched(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(MIXED)
    tinyflux.close()
    before = segments()[0].stat()
    assert tinyflux.delete(RecordQuery(feature_name="another")) == 0
    assert (segments()[0].stat().st_ino, segments()[0].stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_records_that_another_writer_holds_are_named_and_the_rest_is_gone(
    make_tinyflux: MakeTinyFlux, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "HANDOVER_SECONDS", 0.01)
    busy, done, eraser = make_tinyflux(), make_tinyflux(), make_tinyflux()
    busy.append(MIXED)
    done.append([make_record(10, user_id="ann"), make_record(11, user_id="bob")])
    done.close()
    with pytest.raises(StorageError, match=f"1 records were deleted.*3 in the segment of process {os.getpid()} on "):
        eraser.delete(ANN)
    assert sorted(map(str, users(eraser))) == ["ann"] * 3 + ["bob"] * 4
    busy.close()
    assert eraser.delete(ANN) == 3
    assert set(users(eraser)) == {"bob"}


def seal_at_once(monkeypatch: pytest.MonkeyPatch, owner: TinyFluxBackend) -> None:
    """Let another writer of this process have its quiet moment whenever the deletion waits."""

    def rest(_seconds: float) -> None:
        owner.rest(lambda: False)

    monkeypatch.setattr(deletion.time, "sleep", rest)


def test_writer_hands_over_its_segment_in_a_quiet_moment_and_goes_on(
    make_tinyflux: MakeTinyFlux, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, eraser = make_tinyflux(), make_tinyflux()
    busy.append(MIXED)
    seal_at_once(monkeypatch, busy)
    assert eraser.delete(ANN) == 3
    busy.append([make_record(20, user_id="bob")])
    assert users(eraser) == ["bob"] * 4
    assert [path.name for path in (data_dir / "raw").iterdir() if path.is_file()] == []


def test_request_that_a_killed_deletion_left_is_obeyed_once(
    tinyflux: TinyFluxBackend, data_dir: Path, segments: Segments
) -> None:
    tinyflux.append(MIXED[:1])
    (data_dir / "raw" / ".seal").touch()
    for record in MIXED[1:]:
        tinyflux.append([record])
    assert len(segments()) == 2
    assert len(users(tinyflux)) == 6


def test_living_segment_without_a_match_is_no_obstacle(make_tinyflux: MakeTinyFlux) -> None:
    make_tinyflux().append([make_record(1, user_id="bob")])
    assert make_tinyflux().delete(ANN) == 0


def test_reader_that_began_before_sees_all_of_the_old_state(make_tinyflux: MakeTinyFlux, segments: Segments) -> None:
    backend = make_tinyflux()
    backend.append(MIXED)
    with segments()[0].open("rb") as before:
        backend.delete(ANN)
        assert len(before.readlines()) == 6
    assert len(segments()[0].read_bytes().splitlines()) == 3


def test_rewrite_that_fails_leaves_the_segment_as_it_was(
    tinyflux: TinyFluxBackend, segments: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    tinyflux.append(MIXED)
    tinyflux.close()
    before = segments()[0].read_bytes()

    def broken(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", broken)
        with pytest.raises(StorageError, match="No space left on device"):
            tinyflux.delete(ANN)
    assert segments()[0].read_bytes() == before
    assert [path.name for path in segments()[0].parent.iterdir()] == [segments()[0].name]
    assert tinyflux.delete(ANN) == 3


def test_unreadable_row_goes_with_the_user_it_names(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([make_record(1, user_id="bob")])
    tinyflux.close()
    of_ann = format_row(make_record(2, user_id="ann")).encode().replace(b"f_d,", b"f_d,x").rstrip()
    with segments()[0].open("ab") as stream:
        stream.write(of_ann + b"\nother damage\n")
    assert b",t_u,ann," in of_ann
    tinyflux.delete(ANN)
    assert segments()[0].read_bytes() == format_row(make_record(1, user_id="bob")).encode() + b"other damage\n"


def test_unreadable_row_stays_when_other_things_are_deleted(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(MIXED)
    tinyflux.close()
    with segments()[0].open("ab") as stream:
        stream.write(b"damage\n")
    assert tinyflux.delete(RecordQuery(feature_name="import_csv")) == 6
    assert segments()[0].read_bytes() == b"damage\n"


@pytest.mark.parametrize("is_locked", [False, True])
def test_segment_that_another_deletion_just_put_there_is_taken_only_with_its_own_lock(
    tinyflux: TinyFluxBackend, segments: Segments, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    tinyflux.append(MIXED)
    tinyflux.close()
    (segment,) = segments()
    only_ann = b"".join(format_row(record).encode() for record in MIXED if record.user_id == "ann")
    flock, others = fcntl.flock, []

    def late(file: int, operation: int) -> None:
        if not others:
            (segment.parent / "new").write_bytes(only_ann)
            (segment.parent / "new").replace(segment)
            others.append(segment.open("rb"))
            if is_locked:
                flock(others[0], fcntl.LOCK_EX)
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    monkeypatch.setattr(deletion, "HANDOVER_SECONDS", 0.01)
    query = RecordQuery(record_ids=frozenset({MIXED[1].record_id}))
    if is_locked:
        with pytest.raises(StorageError, match="still being written to"):
            tinyflux.delete(query)
    else:
        assert tinyflux.delete(query) == 1
    others[0].close()
    assert users(tinyflux) == ["ann"] * (3 if is_locked else 2)


def test_deletions_at_the_same_time_all_hold(make_tinyflux: MakeTinyFlux) -> None:
    backend = make_tinyflux()
    backend.append([make_record(number, user_id=f"user-{number}") for number in range(200)])
    backend.close()
    start, go = os.pipe()
    children = []
    for first in range(4):
        child = os.fork()
        if child == 0:
            try:
                os.close(go)
                os.read(start, 1)
                for number in range(first, 160, 4):
                    backend.delete(RecordQuery(user_ids=frozenset({f"user-{number}"})))
            except BaseException:
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.close(start)
    os.close(go)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert sorted(map(str, users(backend))) == sorted(f"user-{number}" for number in range(160, 200))
