"""TinyFlux databases of other applications, written by stock TinyFlux, and damaged rows of our own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tinyflux import Point, TinyFlux

from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.storage.tinyflux.rows import format_row

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Any]

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HEAD = "2026-11-01T12:00:00"


def database(name: str, *points: Point, compact: bool = False) -> str:
    db = TinyFlux(name)
    for point in points:
        db.insert(point, compact_key_prefixes=compact)
    db.close()
    return name


def imported(run: Run, name: str) -> list[FeatureRecord]:
    result = run("import", name)
    assert (result.code, result.err.splitlines()[-1].endswith("rejected 0")) == (0, True)
    return [FeatureRecord.from_dict(json.loads(line)) for line in run("export").out.splitlines()]


def rejected(run: Run, *lines: str) -> list[str]:
    Path("bad.csv").write_text("".join(lines), newline="")
    result = run("import", "bad.csv", "--dry-run", "--format", "tinyflux")
    return result.err.splitlines()


@pytest.mark.parametrize("compact", [False, True])
def test_tags_and_fields_of_a_records_names_are_used_and_others_become_metadata(run: Run, compact: bool) -> None:
    point = Point(
        time=NOON,
        measurement="translate",
        tags={"category": "ai_provider", "status": "failed", "session_id": None, "city": "Oslo, Norway"},
        fields={"duration": 1.5, "iterations": 3, "input_size": 10, "temperature": 20.5, "rank": 2, "nothing": None},
    )
    [record] = imported(run, database("weather.csv", point, compact=compact))
    assert (record.feature_name, record.category, record.status) == ("translate", "ai_provider", FeatureStatus.FAILED)
    assert (record.duration, record.iterations, record.input_size) == (1.5, 3, 10)
    assert record.metadata == {"city": "Oslo, Norway", "temperature": 20.5, "rank": 2.0}
    assert record.start_time == NOON
    assert record.session_id is None


def test_what_a_point_does_not_say_has_a_default(run: Run) -> None:
    [record] = imported(run, database("bare.csv", Point(time=NOON, measurement="ping")))
    assert (record.category, record.status, record.duration) == ("other", FeatureStatus.SUCCESS, 0.0)
    assert record.metadata == {}


def test_tag_names_the_feature_instead_of_the_measurement(run: Run) -> None:
    point = Point(time=NOON, measurement="events", tags={"feature_name": "search", "user_id": "u1"})
    [record] = imported(run, database("events.csv", point))
    assert record.feature_name == "search"
    assert record.user_id
    assert record.user_id != "u1"


def test_ids_follow_from_the_rows_so_that_a_second_import_adds_nothing(run: Run) -> None:
    points = [Point(time=NOON, measurement="m", tags={"user_id": f"u{n}"}, fields={"n": n}) for n in range(5)]
    name = database("many.csv", *points, points[0])
    before = imported(run, name)
    assert len({record.record_id for record in before}) == len(before) == 5
    result = run("import", name)
    assert result.err == "imported 0, already there 6, rejected 0\n"
    assert imported(run, name) == before


def test_ids_of_foreign_rows_sort_by_time(run: Run) -> None:
    points = [Point(time=NOON.replace(hour=hour), measurement="m") for hour in (13, 9, 21)]
    found = imported(run, database("hours.csv", *points))
    assert sorted(found, key=lambda record: record.record_id, reverse=True) == found


def test_point_with_line_breaks_is_one_record(run: Run) -> None:
    point = Point(time=NOON, measurement="two\r\nlines", tags={"note": 'a\n"b", c'})
    [record] = imported(run, database("lines.csv", point))
    assert (record.feature_name, record.metadata) == ("two\r\nlines", {"note": 'a\n"b", c'})


def test_tag_that_holds_metadata_is_metadata(run: Run) -> None:
    tags = {"metadata": '{"rows": 3}', "record_id": "r1"}
    [record] = imported(run, database("meta.csv", Point(time=NOON, measurement="m", tags=tags)))
    assert (record.record_id, record.metadata) == ("r1", {"rows": 3})


def test_tag_and_field_of_one_name_are_both_kept(run: Run) -> None:
    point = Point(time=NOON, measurement="m", tags={"size": "L"}, fields={"size": 4})
    [record] = imported(run, database("both.csv", point))
    assert record.metadata == {"size": "L", "field_size": 4.0}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{HEAD},m,_tag_a\r\n", "no TinyFlux row (a tag or field without a value)"),
        (f"{HEAD},m,column,1\r\n", "no TinyFlux row (a column is neither tag nor field)"),
        ("noon,m\r\n", "no TinyFlux row (no time in the first column)"),
        (f"{HEAD},m,_field_a,x\r\n", "a field is no number"),
        (f"{HEAD},m,_field_a,nan\r\n", "metadata holds a number that is not finite"),
        (f"{HEAD},m,_field_duration,-1.0\r\n", "duration is below 0"),
        (f"{HEAD},m,_field_duration,inf\r\n", "duration is no finite number"),
        (f"{HEAD},m,_field_iterations,1.5\r\n", "iterations is no whole number"),
        (f"{HEAD},m,_tag_duration,long\r\n", "duration is no number"),
        (f"{HEAD},m,_tag_status,ok\r\n", "status is none of success, failed, partial, timeout"),
        (f"{HEAD},m,_field_duration,12", "incomplete: the line has no end"),
        (f'{HEAD},"m\r\n', "no TinyFlux row (unexpected end of data; the row begins in line 1)"),
        (f"{HEAD},m,t_i,r1,t_c,other,t_s,success,f_d,x\n", "no row of a segment"),
        (f"{HEAD},m,t_i,r1,t_c,other,t_s,success,f_d,nan\n", "no row of a segment"),
        (f"{HEAD},m,t_i,r1,t_c,other,t_s,success,f_d,1.25,f_w,12", "incomplete: the line has no end"),
    ],
)
def test_row_that_is_no_record_is_rejected(run: Run, row: str, reason: str) -> None:
    assert rejected(run, row)[0] == f"bad.csv:1: {reason}"


def test_damaged_row_of_a_segment_hides_no_other(run: Run, record: Callable[..., FeatureRecord]) -> None:
    rows = [format_row(record(number)) for number in range(4)]
    damaged = rows[1].replace("translate", '"trans')
    found = rejected(run, rows[0], damaged, *rows[2:])
    assert found[-1].startswith("imported 3, already there 0, rejected 1")


def test_rows_of_a_segment_and_foreign_ones_may_be_mixed(run: Run, record: Callable[..., FeatureRecord]) -> None:
    name = database("mixed.csv", Point(time=NOON, measurement="m"))
    with Path(name).open("a", newline="") as stream:
        stream.write(format_row(record(3)))
    assert {found.feature_name for found in imported(run, name)} == {"m", "translate"}
