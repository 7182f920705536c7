"""Every sealed segment opens in stock TinyFlux and says the same there; our own handle says it with full names."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tinyflux import FieldQuery, MeasurementQuery, Point, TagQuery, TimeQuery, TinyFlux

from curio_tracking.errors import StorageError
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.escapes import unescape
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.stock import SegmentStorage, open_segment
from curio_tracking.testing import START_US, make_record
from curio_tracking.testing.backend_examples import examples
from curio_tracking.testing.strategies import batches

Segments = Callable[[], list[Path]]
SEVERAL = [
    make_record(number, duration=number / 4, user_id="ann" if number % 2 else None, input_size=2**53 + 1)
    for number in range(8)
]


@pytest.fixture
def sealed(tinyflux: TinyFluxBackend, segments: Segments) -> Path:
    """Return one sealed segment with the records of SEVERAL."""
    tinyflux.append(SEVERAL)
    tinyflux.close()
    return segments()[0]


def stock_points(segment: Path) -> list[Point]:
    with TinyFlux(segment, encoding="utf-8") as database:
        return database.all()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batch=batches())
def test_sealed_segments_open_in_stock_tinyflux_and_read_back_equal(
    tinyflux: TinyFluxBackend, segments: Segments, batch: list[FeatureRecord]
) -> None:
    tinyflux.append(batch)
    tinyflux.close()
    try:
        points = {point.tags["i"]: point for segment in segments() for point in stock_points(segment)}
        assert set(points) == {record.record_id for record in batch}
        for record in batch:
            point = points[record.record_id]
            assert point.time == record.start_time
            assert unescape(point.measurement) == record.feature_name
            assert unescape(point.tags["c"]) == record.category
            assert point.tags["s"] == record.status
            if "r" not in point.tags:
                assert json.loads(point.tags.get("m", "{}").replace(";", ",")) == record.metadata
            assert point.fields["d"] == record.duration
            assert point.fields.get("i") == record.input_size
    finally:
        for segment in segments():
            segment.unlink()


def test_stock_tinyflux_leaves_a_segment_as_it_is(sealed: Path) -> None:
    before = sealed.read_bytes()
    stock_points(sealed)
    assert sealed.read_bytes() == before


def test_stock_tinyflux_has_one_row_per_line(sealed: Path) -> None:
    with TinyFlux(sealed, encoding="utf-8") as database:
        assert len(database) == len(database.storage) == len(SEVERAL)


def test_integers_stay_exact_in_stock_tinyflux(sealed: Path) -> None:
    assert {point.fields["i"] for point in stock_points(sealed)} == {2**53 + 1}


def test_stock_queries_by_tag_field_time_and_measurement_find_the_records(sealed: Path) -> None:
    with TinyFlux(sealed, encoding="utf-8", access_mode="r") as database:
        assert {point.tags["i"] for point in database.search(TagQuery().u == "ann")} == {
            record.record_id for record in SEVERAL if record.user_id == "ann"
        }
        assert {point.tags["i"] for point in database.search(FieldQuery().d >= 1.0)} == {
            record.record_id for record in SEVERAL if record.duration >= 1.0
        }
        third = SEVERAL[3].start_time
        assert {point.tags["i"] for point in database.search(TimeQuery() < third)} == {
            record.record_id for record in SEVERAL[:3]
        }
        assert database.count(MeasurementQuery() == "import_csv") == len(SEVERAL)


def test_column_at_its_default_is_absent_in_stock_tinyflux(sealed: Path) -> None:
    assert all(("u" in point.tags) == (point.fields["d"] * 4 % 2 == 1) for point in stock_points(sealed))


# -- our own handle -------------------------------------------------------------------------------------------------


def test_handle_uses_the_names_of_the_record(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([make_record(1, error_message="two\nlines", metadata={"a": [1, 2]})])
    (point,) = open_segment(segments()[0]).all()
    assert point.time == datetime.fromtimestamp(START_US // 10**6, UTC).replace(microsecond=1)
    assert point.measurement == "import_csv"
    assert point.tags["error_message"] == "two\nlines"
    assert (point.tags["status"], point.tags["user_id"]) == ("success", "u1")
    assert json.loads(point.tags["metadata"]) == {"a": [1, 2]}
    assert (point.fields["duration"], point.fields["iterations"]) == (0.25, 1)


def test_points_leave_out_what_is_none(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([make_record(1, user_id=None, input_size=None)])
    (point,) = open_segment(segments()[0]).all()
    assert not {"user_id", "host", "error_message"} & set(point.tags)
    assert not {"input_size", "memory_bytes"} & set(point.fields)


def test_regular_expressions_pass_over_records_without_the_text(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([make_record(1), make_record(2, error_message="it timed out")])
    (found,) = open_segment(segments()[0]).search(TagQuery().error_message.search("timed"))
    assert found.tags["record_id"] == "record-00000002"


def test_handle_answers_queries(sealed: Path) -> None:
    handle = open_segment(sealed)
    assert handle.count(TagQuery().user_id == "ann") == 4
    assert handle.count(FieldQuery().duration < 0.5) == 2
    assert handle.count(TimeQuery() >= SEVERAL[6].start_time) == 2
    assert len(handle.measurement("import_csv").all()) == 8
    assert len(handle) == 8


def test_handle_reads_live_and_damaged_segments(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(SEVERAL)
    with segments()[0].open("ab") as stream:
        stream.write(b"damage\n2026-05-28T20:2")
    handle = open_segment(segments()[0])
    assert len(handle.all()) == len(SEVERAL)


@pytest.mark.parametrize(
    "change",
    [
        lambda handle: handle.insert(Point()),
        lambda handle: handle.remove(TagQuery().user_id == "ann"),
        lambda handle: handle.remove_all(),
        lambda handle: handle.update(TagQuery().user_id == "ann", tags={"user_id": "bob"}),
        lambda handle: handle.drop_measurement("import_csv"),
    ],
)
def test_handle_refuses_to_write(sealed: Path, change: Callable[[TinyFlux], object]) -> None:
    before = sealed.read_bytes()
    with pytest.raises(OSError, match="this handle is read-only"):
        change(open_segment(sealed))
    assert sealed.read_bytes() == before


def test_refusal_is_an_error_of_ours_too(sealed: Path) -> None:
    with pytest.raises(StorageError, match="delete"):
        open_segment(sealed).insert(Point())


def test_handle_on_an_empty_segment_is_empty(sealed: Path) -> None:
    sealed.write_bytes(b"")
    assert open_segment(sealed).all() == []


def test_segments_of_all_kinds_of_records_can_be_opened(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append(examples())
    assert sum(len(open_segment(segment).all()) for segment in segments()) == len(examples())


# -- compressed segments --------------------------------------------------------------------------------------------


def compressed(segment: Path, *, members: int = 1) -> Path:
    """Write the segment's bytes beside it as `.csv.gz`, in so many gzip members of about equal size."""
    data = segment.read_bytes()
    size = -(-len(data) // members)
    packed = segment.with_name(segment.name + ".gz")
    packed.write_bytes(b"".join(gzip.compress(data[at : at + size]) for at in range(0, len(data), size)))
    return packed


@pytest.mark.parametrize("members", [1, 3])
def test_compressed_segment_reads_like_the_plain_one(sealed: Path, members: int) -> None:
    with TinyFlux(compressed(sealed, members=members), storage=SegmentStorage) as database:
        assert database.all() == open_segment(sealed).all()
        assert database.count(TagQuery().user_id == "ann") == 4


def test_compressed_segment_refuses_to_be_written(sealed: Path) -> None:
    packed = compressed(sealed)
    before = packed.read_bytes()
    with pytest.raises(OSError, match="this handle is read-only"):
        open_segment(packed).insert(Point())
    assert packed.read_bytes() == before


def test_half_a_compressed_segment_is_an_error_that_names_it(sealed: Path) -> None:
    packed = compressed(sealed)
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(StorageError, match=r"cannot read .*\.csv\.gz"):
        open_segment(packed)


def test_symlink_to_a_compressed_segment_is_not_followed(sealed: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.csv.gz"
    link.symlink_to(compressed(sealed))
    with pytest.raises(StorageError, match="cannot read"):
        open_segment(link)


def test_segment_that_was_removed_is_empty(sealed: Path) -> None:
    assert open_segment(sealed.with_name("gone.csv.gz")).all() == []
