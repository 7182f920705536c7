"""Upkeep leaves every answer as it was: compression, rollups of days and months, retention, damage, deletion."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord, FeatureStatus, iso_time
from curio_tracking.storage.tinyflux.blocks import COMPRESSED_BYTES
from curio_tracking.storage.tinyflux.reading.view import SegmentView
from curio_tracking.storage.tinyflux.rollups import growing
from curio_tracking.storage.tinyflux.rollups.container import VERSION
from curio_tracking.testing import START_US, make_record

DAY_US = 86_400_000_000
MIDNIGHT_US = START_US // DAY_US * DAY_US
BY_FEATURE = ("feature_name", "category")


def spread(count: int, days: int = 3) -> list[FeatureRecord]:
    """Return records over some days, of two features, three users and two statuses."""
    return [
        make_record(
            number,
            start_us=MIDNIGHT_US + number * days * DAY_US // count,
            feature_name=f"feature_{number % 2}",
            user_id=f"user-{number % 3}",
            status=FeatureStatus.FAILED if number % 5 == 0 else FeatureStatus.SUCCESS,
            duration=0.001 * (number % 17 + 1),
        )
        for number in range(count)
    ]


def statistics(engine: Any, where: RecordQuery = RecordQuery()) -> list[dict[str, Any]]:  # noqa: B008
    found = engine.backend().summaries(SummaryQuery(where, BY_FEATURE))
    return sorted((rounded(one.as_dict()) for one in found if one.weight), key=lambda row: row["feature_name"])


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 12) if isinstance(value, float) else value for name, value in values.items()}


def test_compressed_segments_list_and_count_the_same(engine: Any) -> None:
    engine.write(spread(3000))
    before = engine.listed(), statistics(engine)
    assert not engine.maintain().failed
    assert engine.files("raw/*/*.csv") == []
    assert (engine.listed(), statistics(engine)) == before


def test_compressed_segment_unpacks_to_the_rows_it_was_made_of(engine: Any) -> None:
    engine.write(spread(300, days=1))
    [segment] = engine.files("raw/*/*.csv")
    rows = segment.read_bytes()
    engine.maintain()
    [compressed] = engine.files("raw/*/*.csv.gz")
    assert gzip.decompress(compressed.read_bytes()) == rows


def test_newest_records_come_from_few_blocks(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.write(spread(6000, days=1))
    engine.maintain()
    [compressed] = engine.files("raw/*/*.csv.gz")
    assert len(gzip.decompress(compressed.read_bytes())) > 3 * COMPRESSED_BYTES
    read = []
    original = SegmentView.lines_of
    monkeypatch.setattr(SegmentView, "lines_of", lambda view, block: read.append(block) or original(view, block))
    assert engine.listed(where=RecordQuery(limit=20)) == [one.record_id for one in spread(6000, days=1)[:-21:-1]]
    assert len(read) == 1


@pytest.mark.parametrize("pattern", ["raw/*/*.rollup", "rollups/????-??-??.rollup", "rollups/????-??.rollup"])
@pytest.mark.parametrize("damage", ["removed", "empty", "cut", "flipped", "another"])
def test_damaged_rollup_changes_no_answer_and_is_made_again(engine: Any, pattern: str, damage: str) -> None:
    engine.write(spread(900))
    if not pattern.startswith("raw"):
        engine.maintain()
    before = statistics(engine), engine.listed()
    paths = engine.files(pattern)
    assert paths
    for path in paths:
        spoil(path, damage)
    assert (statistics(engine), engine.listed()) == before
    engine.maintain()
    assert (statistics(engine), engine.listed()) == before
    assert {finding.condition for finding in engine.backend().inspect()} <= {"ok", "damaged"}


def spoil(path: Path, damage: str) -> None:
    data = path.read_bytes()
    if damage == "removed":
        path.unlink()
    else:
        middle = len(data) // 2
        path.write_bytes(
            {
                "empty": b"",
                "cut": data[:middle],
                "flipped": data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :],
                "another": data.replace(b'"version":%d' % VERSION, b'"version":9'),
            }[damage]
        )


def test_retention_keeps_the_totals_of_what_it_removes(engine: Any) -> None:
    engine.write(spread(900, days=40))
    before = statistics(engine)
    engine.maintain(retention_days=1)
    assert engine.listed() == []
    assert statistics(engine) == before
    engine.maintain(retention_days=1)
    assert statistics(engine) == before


def test_record_that_comes_after_its_day_was_retired_is_counted_once(engine: Any) -> None:
    engine.write(spread(100, days=1))
    engine.maintain(retention_days=1)
    engine.write([make_record(1, record_id="late", start_us=MIDNIGHT_US)])
    assert engine.calls() == 101
    for _round in range(2):
        engine.maintain(retention_days=1)
        assert (engine.calls(), engine.listed()) == (101, [])


def test_deleted_user_leaves_compressed_segments_and_totals(engine: Any, data_dir: Path) -> None:
    engine.write(spread(900))
    engine.maintain()
    assert engine.backend().delete(RecordQuery(user_ids=frozenset({"user-1"}))) == 300
    assert engine.calls() == 600
    for path in engine.files("raw/*/*.csv.gz"):
        assert b"user-1" not in gzip.decompress(path.read_bytes())
    engine.maintain()
    assert (engine.calls(), len(engine.listed())) == (600, 600)


def test_feature_can_be_deleted_from_days_without_records(engine: Any) -> None:
    engine.write(spread(900))
    engine.maintain(retention_days=1)
    assert engine.backend().delete(RecordQuery(feature_name="feature_1")) == 450
    assert [row["feature_name"] for row in statistics(engine)] == ["feature_0"]


def test_segment_of_a_living_writer_is_left_alone(engine: Any) -> None:
    writer = engine.backend()
    writer.append(spread(10, days=1))
    [segment] = engine.files("raw/*/*.csv")
    engine.maintain()
    assert engine.files("raw/*/*") == [segment]
    writer.append([make_record(99, start_us=MIDNIGHT_US)])
    assert engine.calls() == 11


def test_both_files_of_one_segment_are_counted_once(engine: Any) -> None:
    engine.write(spread(300, days=1))
    [segment] = engine.files("raw/*/*.csv")
    rows = segment.read_bytes()
    engine.maintain()
    segment.write_bytes(rows)
    assert (engine.calls(), len(engine.listed())) == (300, 300)
    engine.maintain()
    assert engine.files("raw/*/*.csv") == []
    assert engine.calls() == 300


def test_quiet_moments_do_all_upkeep_piece_by_piece(engine: Any) -> None:
    engine.write(spread(300))
    writer = engine.backend()
    writer.append([make_record(1, record_id="now", start_us=MIDNIGHT_US + 50 * DAY_US)])
    for _moment in range(100):
        writer.rest(lambda: False)
    assert len(engine.files("raw/*/*.csv.gz")) == 3
    assert engine.calls() == 301


def test_nothing_is_made_in_a_quiet_moment_before_anything_was_written(engine: Any, data_dir: Path) -> None:
    engine.backend().rest(lambda: False)
    assert not data_dir.exists()


@pytest.mark.parametrize(
    "values", [{"duration": float("nan")}, {"duration": float("inf")}, {"sample_weight": float("nan")}]
)
def test_record_whose_number_is_none_is_refused_whole_batch(engine: Any, values: dict[str, float]) -> None:
    writer = engine.backend()
    with pytest.raises(ValueError, match="none that a record can have"):
        writer.append([make_record(1), make_record(2, **values)])
    assert engine.listed() == []


@pytest.mark.parametrize("text", [b"nan", b"inf", b"-nan", b"1e999"])
def test_row_whose_duration_is_no_number_is_no_record(engine: Any, text: bytes) -> None:
    engine.write([make_record(1, duration=0.5), make_record(2, duration=0.25)])
    [segment] = engine.files("raw/*/*.csv")
    segment.write_bytes(segment.read_bytes().replace(b",f_d,0.5", b",f_d," + text))
    assert (engine.listed(), engine.calls()) == ([make_record(2).record_id], 1)


def test_writer_counts_a_record_as_its_row_says_it(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "FEWEST_RECORDS", 1)
    engine.write([make_record(1, start_us=10**18, feature_name="n" * 140_000)])
    [record] = engine.backend().records(RecordQuery())
    [row] = statistics(engine)
    assert (row["feature_name"], row["first_used"]) == (record.feature_name, iso_time(record.start_us))
