"""The reading side: newest first, days unread that nobody asked for, damage passed over, nothing created."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.errors import DataDirError
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureStatus
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.rows import format_row
from curio_tracking.testing import START_US, make_record
from curio_tracking.testing.backend_examples import examples, newest_first

DAY_US = 86_400_000_000
EVERYTHING = RecordQuery()
MakeTinyFlux = Callable[..., TinyFluxBackend]
Segments = Callable[[], list[Path]]


def on_day(day: int, number: int = 0) -> object:
    return make_record(day * 100 + number, start_us=START_US + day * DAY_US + number)


def test_segments_of_several_writers_are_merged_newest_first(make_tinyflux: MakeTinyFlux) -> None:
    batch = [make_record(number) for number in range(30)]
    writers = [make_tinyflux() for _ in range(3)]
    for number, record in enumerate(batch):
        writers[number % 3].append([record])
    assert list(make_tinyflux().records(EVERYTHING)) == newest_first(batch)


def test_calls_that_ended_out_of_order_are_sorted_by_start(tinyflux: TinyFluxBackend) -> None:
    batch = [make_record(number) for number in (7, 3, 9, 1)]
    tinyflux.append(batch)
    assert list(tinyflux.records(EVERYTHING)) == newest_first(batch)


def test_starts_at_the_same_moment_are_sorted_by_id(tinyflux: TinyFluxBackend) -> None:
    # the name comes before the id in a row, so sorting the rows alone would go by the name
    batch = [
        make_record(number, start_us=START_US, feature_name=name) for number, name in enumerate(("b", "c", "a", "d"))
    ]
    tinyflux.append(batch)
    assert list(tinyflux.records(RecordQuery(limit=3))) == newest_first(batch)[:3]


def damage(segment: Path, *lines: bytes) -> None:
    """Put lines between the rows of a sealed segment."""
    first, *others = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([first, *[line + b"\n" for line in lines], *others]))


def test_days_before_the_wanted_ones_are_not_read(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([on_day(0, 0), on_day(0, 1), on_day(1, 0), on_day(1, 1)])
    tinyflux.close()
    damage(segments()[0], b"broken")
    assert len(list(tinyflux.records(RecordQuery(limit=2)))) == 2
    assert len(list(tinyflux.records(RecordQuery(since_us=START_US + DAY_US)))) == 2
    assert tinyflux.quarantined == 0
    assert len(list(tinyflux.records(RecordQuery(limit=3)))) == 3
    assert tinyflux.quarantined == 1


def test_days_after_the_wanted_ones_are_not_read(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([on_day(0), on_day(2)])
    tinyflux.close()
    damage(segments()[1], b"broken")
    assert len(list(tinyflux.records(RecordQuery(until_us=START_US + DAY_US)))) == 1
    assert tinyflux.quarantined == 0


@pytest.mark.parametrize(
    "broken",
    [
        b"broken",
        b"",
        b"\xff\xfe\xfd",
        b"\x00" * 4096,
        b'2026-05-28T20:26:40.000000,"unclosed,t_i,x',
        format_row(make_record(77)).encode()[:100],
        format_row(make_record(77)).encode()[100:-1],
    ],
)
def test_one_bad_line_never_hides_a_good_one(tinyflux: TinyFluxBackend, segments: Segments, broken: bytes) -> None:
    tinyflux.append([make_record(number) for number in range(4)])
    tinyflux.close()
    damage(segments()[0], broken)
    assert len(list(tinyflux.records(EVERYTHING))) == 4
    assert len(list(tinyflux.records(EVERYTHING))) == 4
    (summary,) = tinyflux.summaries(SummaryQuery())
    assert summary.total_calls == 4
    assert tinyflux.quarantined == 1


@pytest.mark.parametrize(
    ("sound", "unsound"),
    [
        (b"f_d,0.25", b"f_d,-0.25"),
        (b"f_d,0.25", b"f_d,-inf"),
        (b"f_d,0.25", b"f_d,1e300"),
        (b"f_d,0.25", b"f_d,0.25,f_e,nan"),
        (b"f_d,0.25", b"f_d,0.25,f_e,1e999"),
        (b"f_d,0.25", b"f_d,0.25,f_c,-inf"),
        (b"f_d,0.25", b"f_d,0.25,f_w,-2.0"),
        (b"f_d,0.25", b"f_d,0.25,f_w,-inf"),
        (b"f_i,27", b"f_i,1" + b"0" * 400),
    ],
)
def test_number_that_no_record_has_spoils_no_total(
    tinyflux: TinyFluxBackend, segments: Segments, sound: bytes, unsound: bytes
) -> None:
    tinyflux.append([make_record(1), make_record(2)])
    tinyflux.close()
    first, second = segments()[0].read_bytes().splitlines(keepends=True)
    segments()[0].write_bytes(first.replace(sound, unsound) + second)
    (summary,) = tinyflux.summaries(SummaryQuery())
    assert (summary.total_calls, summary.as_dict()["avg_duration"], summary.input_size.value()) == (1, 0.25, 27)
    assert list(tinyflux.records(EVERYTHING)) == [make_record(2)]
    assert tinyflux.quarantined == 1


@pytest.mark.parametrize(
    "time",
    ["2026-05-28 20:26:40.000050", "20260528T202640", "2026-05-28", "2026-05-28T20:26:40.-00099", "2026-W22-4T23:00"],
)
def test_line_with_a_time_in_another_form_hides_no_row_from_a_time_range(
    tinyflux: TinyFluxBackend, segments: Segments, time: str
) -> None:
    batch = [make_record(number, start_us=START_US + 100 * number) for number in range(3)]
    tinyflux.append(batch)
    tinyflux.close()
    odd = format_row(make_record(9)).encode()
    damage(segments()[0], time.encode() + odd[odd.index(b",") : -1])
    for record in batch:
        assert list(tinyflux.records(RecordQuery(since_us=record.start_us, until_us=record.start_us + 1))) == [record]
    assert list(tinyflux.records(EVERYTHING)) == newest_first(batch)
    assert tinyflux.quarantined == 1


def test_start_without_microseconds_is_sorted_as_the_same_moment(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    batch = [make_record(number, start_us=START_US) for number in range(3)]
    tinyflux.append(batch)
    tinyflux.close()
    *others, last = segments()[0].read_bytes().splitlines(keepends=True)
    segments()[0].write_bytes(b"".join(others) + last.replace(b".000000,", b","))
    assert list(tinyflux.records(EVERYTHING)) == newest_first(batch)


def test_row_that_is_still_being_written_is_left_out(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([make_record(1)])
    row = format_row(make_record(2)).encode()
    for end in (1, len(row) // 2, len(row) - 1):
        with segments()[0].open("ab") as stream:
            stream.write(row[:end])
        assert list(tinyflux.records(EVERYTHING)) == [make_record(1)]
        os.truncate(segments()[0], len(format_row(make_record(1))))
    assert tinyflux.quarantined == 0


def test_rows_with_carriage_returns_are_read(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    batch = [make_record(1), make_record(2, feature_name='with "quotes"')]
    tinyflux.append(batch)
    tinyflux.close()
    segments()[0].write_bytes(segments()[0].read_bytes().replace(b"\n", b"\r\n"))
    assert list(tinyflux.records(EVERYTHING)) == newest_first(batch)


def test_reading_creates_nothing(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    assert list(tinyflux.records(EVERYTHING)) == []
    assert list(tinyflux.summaries(SummaryQuery())) == []
    assert list(tinyflux.declared()) == []
    assert tinyflux.delete(EVERYTHING) == 0
    tinyflux.close()
    assert not data_dir.exists()


def test_reading_changes_nothing(make_tinyflux: MakeTinyFlux, data_dir: Path) -> None:
    make_tinyflux().append(examples())
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in data_dir.rglob("*")}
    reader = make_tinyflux()
    list(reader.records(EVERYTHING))
    list(reader.summaries(SummaryQuery()))
    reader.close()
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in data_dir.rglob("*")} == before


def test_read_only_store_can_be_read(make_tinyflux: MakeTinyFlux, data_dir: Path) -> None:
    backend = make_tinyflux()
    backend.append(examples())
    backend.close()
    paths = [data_dir, *data_dir.rglob("*")]
    for path in paths:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
    try:
        assert list(make_tinyflux().records(EVERYTHING)) == newest_first(examples())
    finally:
        for path in paths:
            path.chmod(0o700)


def test_other_files_in_the_store_are_left_alone(tinyflux: TinyFluxBackend, data_dir: Path, tmp_path: Path) -> None:
    tinyflux.append([make_record(1)])
    day = data_dir / "raw" / "2026-05-28"
    row = format_row(make_record(2))
    for name in ("notes.txt", ".hidden.csv", "x.csv.tmp"):
        (day / name).write_text(row)
    (data_dir / "raw" / "lost+found").mkdir()
    (data_dir / "raw" / "lost+found" / "x.csv").write_text(row)
    (tmp_path / "outside.csv").write_text(row)
    (day / "link.csv").symlink_to(tmp_path / "outside.csv")
    (day / "directory.csv").mkdir()
    assert list(tinyflux.records(EVERYTHING)) == [make_record(1)]
    assert tinyflux.delete(EVERYTHING) == 1
    assert (day / "notes.txt").read_text() == (tmp_path / "outside.csv").read_text() == row


def test_file_in_place_of_the_store_is_said(tinyflux: TinyFluxBackend, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "raw").write_text("in the way")
    with pytest.raises(DataDirError, match="raw"):
        list(tinyflux.records(EVERYTHING))


def test_segment_that_vanishes_while_it_is_read_is_passed_over(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([on_day(0), on_day(1)])
    found = tinyflux.records(EVERYTHING)
    assert next(found) == on_day(1)
    segments()[0].unlink()
    assert list(found) == []


def test_totals_count_what_the_listing_lists(tinyflux: TinyFluxBackend) -> None:
    tinyflux.append(examples())
    for where in (RecordQuery(), RecordQuery(status=FeatureStatus.FAILED), RecordQuery(since_us=START_US + 3)):
        listed = sum(1 for _record in tinyflux.records(where))
        assert sum(summary.total_calls for summary in tinyflux.summaries(SummaryQuery(where))) == listed
