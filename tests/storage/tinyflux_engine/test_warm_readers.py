"""Readers that stay: what they keep between questions never makes an answer older or wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.storage.tinyflux.reading import snapshot as snapshots
from curio_tracking.storage.tinyflux.reading.view import SegmentView
from curio_tracking.storage.tinyflux.rollups import container
from curio_tracking.storage.tinyflux.rollups.history import History
from curio_tracking.testing import START_US

BY_STATUS = SummaryQuery(RecordQuery(), ("status",))


@pytest.fixture
def lazy_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sections be read when they are asked for, as those of large rollups are."""
    monkeypatch.setattr(container, "_FIRST_READ", 64)


@pytest.mark.usefixtures("eager_checkpoints", "lazy_sections")
def test_checkpoint_that_was_replaced_since_is_read_anew_for_a_new_question(
    engine: Any, make_many: Callable[..., list]
) -> None:
    writer, warm = engine.backend(), engine.backend()
    writer.append(make_many(10))
    assert engine.calls(warm) == 10
    writer.append(make_many(10, first=10))
    assert [summary.weight for summary in warm.summaries(BY_STATUS)] == [20]


def test_segment_that_two_deletions_rewrote_is_read_anew_though_it_has_its_old_inode(
    engine: Any, make_many: Callable[..., list]
) -> None:
    writer, warm = engine.backend(), engine.backend()
    writer.append(make_many(2, feature_name="secret"))
    assert engine.calls(warm) == 2
    writer.append(make_many(20, first=2))
    writer.close()
    (segment,) = engine.files("raw/*/*.csv")
    rows = segment.read_bytes().splitlines(keepends=True)
    # what two rewrites come to where the file system gives a free inode number to the next new file
    with segment.open("r+b") as stream:
        stream.truncate(0)
        stream.write(b"".join(rows[2:]))
    assert [summary.feature_name for summary in warm.summaries(SummaryQuery())] == ["import_csv"]
    assert engine.calls(warm) == 20
    assert engine.listed(warm) == engine.listed()


def test_segment_that_was_restored_in_place_with_the_same_size_is_read_anew(
    engine: Any, make_many: Callable[..., list]
) -> None:
    engine.write(make_many(4, feature_name="aaa"))
    warm = engine.backend()
    (segment,) = engine.files("raw/*/*.csv")
    assert {summary.feature_name for summary in warm.summaries(SummaryQuery())} == {"aaa"}
    data = segment.read_bytes().replace(b",aaa,", b",bbb,")
    with segment.open("r+b") as stream:
        stream.write(data)
    os.utime(segment, (1, 1))
    assert {summary.feature_name for summary in warm.summaries(SummaryQuery())} == {"bbb"}


def test_day_whose_new_segment_was_counted_between_two_looks_is_not_taken_for_one_without_records(
    engine: Any, make_many: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write(make_many(10))
    engine.maintain()
    reader = engine.backend()
    segments_of = snapshots.segments_of

    def late(raw: Path, day: str) -> list[Any]:
        found = segments_of(raw, day)
        monkeypatch.setattr(snapshots, "segments_of", segments_of)
        engine.write(make_many(10, first=10))
        engine.maintain()
        return found

    monkeypatch.setattr(snapshots, "segments_of", late)
    # a part of the day: of a day without records, all of it would be counted
    assert engine.calls(reader, RecordQuery(since_us=START_US, until_us=START_US + 5_000_000)) == 5


def test_rows_that_come_between_listing_and_reading_are_no_reason_to_count_short(
    engine: Any, make_many: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = engine.backend(), engine.backend()
    writer.append(make_many(10))
    load = History.load

    def late(self: History) -> object:
        writer.append(make_many(1, first=10))
        return load(self)

    monkeypatch.setattr(History, "load", late)
    assert engine.calls(reader) >= 10
    assert engine.calls(reader) >= 11
    monkeypatch.setattr(History, "load", load)
    assert engine.calls(reader) == 12


def test_segment_that_is_rewritten_while_its_totals_are_put_together_is_not_counted_short(
    engine: Any, make_many: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write(make_many(10) + make_many(1, first=10, user_id="ann"))
    fold = SegmentView.fold

    def late(self: SegmentView, progress: Callable[[int], None]) -> object:
        totals = fold(self, progress)
        monkeypatch.setattr(SegmentView, "fold", fold)
        engine.backend().delete(RecordQuery(user_ids=frozenset({"ann"})))
        return totals

    monkeypatch.setattr(SegmentView, "fold", late)
    assert engine.calls() == 11
    assert engine.calls() == 10


def test_segment_that_was_compressed_since_is_listed_from_its_new_file(
    engine: Any, make_many: Callable[..., list]
) -> None:
    engine.write(make_many(10))
    warm = engine.backend()
    before = engine.listed(warm)
    engine.maintain()
    assert engine.files("raw/*/*.csv") == []
    assert engine.listed(warm) == before
