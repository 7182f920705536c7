"""What happens when the steps of two processes fall between each other at the worst moment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import store_checks

from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.files import TEMPORARY
from curio_tracking.storage.tinyflux import segment
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.catalog import SegmentFile
from curio_tracking.storage.tinyflux.reading import snapshot
from curio_tracking.storage.tinyflux.reading.view import SegmentView
from curio_tracking.storage.tinyflux.rollups import container, growing
from curio_tracking.storage.tinyflux.rollups.cells import Cells
from curio_tracking.storage.tinyflux.upkeep.pace import Pace
from curio_tracking.storage.tinyflux.upkeep.rounds import Piece, Rounds
from curio_tracking.testing import make_record

DAY = "2026-05-28"
RETENTION_DAYS = 30


def write(data_dir: Path, numbers: range, **changes: Any) -> None:
    """Write records into a sealed segment of their own."""
    backend = TinyFluxBackend(data_dir)
    backend.append([make_record(number, **changes) for number in numbers])
    backend.close()


def assert_whole(data_dir: Path, numbers: range) -> None:
    """Check that exactly these records are there, and that the totals say the same."""
    backend = TinyFluxBackend(data_dir)
    records = store_checks.records_once(backend)
    assert numbers_of(records) == list(numbers)
    store_checks.assert_totals_are_a_fold(backend, records)


def numbers_of(records: list[FeatureRecord]) -> list[int]:
    """Return the sorted numbers of records."""
    return sorted(int(record.record_id.removeprefix("record-")) for record in records)


def calls(backend: TinyFluxBackend) -> int:
    """Return how many calls the totals count."""
    return round(sum(one.weight for one in backend.summaries(SummaryQuery(group_by=()))))


def run_until(pieces: Iterator[Piece], what: str) -> Piece:
    """Do pieces of work up to the one that begins with `what`, which is returned and not done."""
    for piece in pieces:
        if piece.what.startswith(what):
            return piece
        piece.work(Pace())
    raise AssertionError(f"nothing that begins with {what} was due")


def test_segment_that_upkeep_removed_before_it_was_locked_is_not_written_to(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_lock = segment.try_lock

    def overtaken(file: int) -> bool:
        monkeypatch.setattr(segment, "try_lock", try_lock)
        store_checks.maintain(data_dir)
        return try_lock(file)

    monkeypatch.setattr(segment, "try_lock", overtaken)
    write(data_dir, range(3))
    assert_whole(data_dir, range(3))


def test_merging_that_a_deletion_overtook_counts_nothing_that_is_gone(data_dir: Path) -> None:
    write(data_dir, range(3), user_id="gone")
    write(data_dir, range(3, 6))
    store_checks.maintain(data_dir)
    write(data_dir, range(6, 9))
    rounds = Rounds(data_dir, 0)
    merging = run_until(rounds.pieces(), "merging")
    TinyFluxBackend(data_dir).delete(RecordQuery(user_ids=frozenset({"gone"})))
    rounds.run(merging, Pace())
    assert_whole(data_dir, range(3, 9))
    store_checks.maintain(data_dir)
    TinyFluxBackend(data_dir).delete(RecordQuery(feature_name="another"))
    assert_whole(data_dir, range(3, 9))


def test_late_segment_that_somebody_counted_is_not_counted_again(data_dir: Path, tmp_path: Path) -> None:
    write(data_dir, range(3))
    store_checks.maintain(data_dir, retention_days=RETENTION_DAYS)
    write(data_dir, range(3, 5))
    rounds = Rounds(data_dir, RETENTION_DAYS)
    retiring = run_until(rounds.pieces(), "retiring")
    day = data_dir / "raw" / DAY
    shutil.copytree(day, tmp_path / "before")
    store_checks.maintain(data_dir, retention_days=RETENTION_DAYS)
    # as if the other one had been killed before it removed what it had counted
    shutil.copytree(tmp_path / "before", day, dirs_exist_ok=True)
    rounds.run(retiring, Pace())
    assert calls(TinyFluxBackend(data_dir)) == 5


@pytest.mark.parametrize("place", ["rollups", f"raw/{DAY}", f"quarantine/{DAY}"])
def test_upkeep_removes_what_killed_rewrites_left(data_dir: Path, place: str) -> None:
    write(data_dir, range(3))
    store_checks.maintain(data_dir)
    (data_dir / place).mkdir(parents=True, exist_ok=True)
    left, recent = (data_dir / place / f".{name}{TEMPORARY}" for name in ("left", "recent"))
    left.write_bytes(b"half a rewrite")
    store_checks.age_leftovers(data_dir)
    recent.write_bytes(b"a rewrite that may go on")
    store_checks.maintain(data_dir)
    assert store_checks.leftovers(data_dir) == [recent]


@pytest.mark.parametrize("place", [f"raw/{DAY}", f"quarantine/{DAY}"])
def test_deleting_a_user_removes_rewrites_that_were_killed_just_now(data_dir: Path, place: str) -> None:
    write(data_dir, range(3))
    (data_dir / place).mkdir(parents=True, exist_ok=True)
    (data_dir / place / f".segment.csv.1-2{TEMPORARY}").write_bytes(b"a row of a-user-to-forget\n")
    TinyFluxBackend(data_dir).delete(RecordQuery(user_ids=frozenset({"a-user-to-forget"})))
    assert store_checks.files_with(b"a-user-to-forget", data_dir) == []


def test_warm_reader_finds_its_way_after_a_checkpoint_was_replaced(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "_FIRST_READ", 64)
    monkeypatch.setattr(growing, "RECORDS_PER_CHECKPOINT", 2)
    monkeypatch.setattr(growing, "RECORDS_PER_CELL", 0)
    writer, reader = TinyFluxBackend(data_dir), TinyFluxBackend(data_dir)
    writer.append([make_record(number) for number in range(3)])
    assert calls(reader) == 3
    writer.append([make_record(number) for number in range(3, 6)])
    # another question, whose answer was not kept: it needs the tables of the checkpoint
    assert store_checks.calls_by_feature(reader) == {"import_csv": 6}
    writer.close()


def test_totals_hold_what_was_there_when_a_segment_grows_after_it_was_listed(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = TinyFluxBackend(data_dir), TinyFluxBackend(data_dir)
    writer.append([make_record(number) for number in range(3)])
    segments_of = snapshot.segments_of

    def overtaken(raw: Path, day: str) -> list[SegmentFile]:
        listed = segments_of(raw, day)
        writer.append([make_record(number) for number in range(3, 5)])
        return listed

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "segments_of", overtaken)
        assert calls(reader) == 5
    assert calls(reader) == 5
    writer.close()


def test_totals_hold_what_stays_when_a_segment_is_rewritten_after_it_was_read(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(data_dir, range(3))
    write(data_dir, range(3, 6), user_id="gone")
    write(data_dir, range(6, 9))
    for path in (data_dir / "raw" / DAY).glob("*.rollup"):
        path.unlink()
    fold = SegmentView.fold

    def overtaken(self: SegmentView, progress: Callable[[int], None]) -> Cells:
        folded = fold(self, progress)
        TinyFluxBackend(data_dir).delete(RecordQuery(record_ids=frozenset({"record-00000000"})))
        return folded

    with monkeypatch.context() as patch:
        patch.setattr(SegmentView, "fold", overtaken)
        assert calls(TinyFluxBackend(data_dir)) in (8, 9)
    assert calls(TinyFluxBackend(data_dir)) == 8


def test_totals_of_a_retired_day_stay_while_a_late_segment_grows_and_is_counted(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(data_dir, range(3))
    store_checks.maintain(data_dir, retention_days=RETENTION_DAYS)
    write(data_dir, range(3, 5))
    day = data_dir / "raw" / DAY
    shutil.copytree(day, tmp_path / "before")
    store_checks.maintain(data_dir, retention_days=RETENTION_DAYS)
    shutil.copytree(tmp_path / "before", day, dirs_exist_ok=True)
    segments_of = snapshot.segments_of
    # the reader lists the late segment, then it grows, is sealed and counted, then the reader loads the rollups
    monkeypatch.setattr(
        snapshot, "segments_of", lambda raw, day: [one._replace(size=one.size // 2) for one in segments_of(raw, day)]
    )
    assert calls(TinyFluxBackend(data_dir)) == 5


def test_row_on_its_way_to_quarantine_is_counted_once(data_dir: Path) -> None:
    write(data_dir, range(3))
    [path] = (data_dir / "raw" / DAY).glob("*.csv")
    with path.open("ab") as stream:
        stream.write(b"no record\n")
    before = path.read_bytes()
    reader = TinyFluxBackend(data_dir)
    assert (calls(reader), reader.quarantined) == (3, 1)
    store_checks.maintain(data_dir)
    assert reader.quarantined == 1
    # as if upkeep had been killed between the two files
    for compressed in (data_dir / "raw" / DAY).glob("*.gz"):
        os.remove(compressed)
    path.write_bytes(before)
    again = TinyFluxBackend(data_dir)
    assert (calls(again), again.quarantined) == (3, 1)
