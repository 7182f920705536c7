"""What a TinyFlux query narrows, and how the search of the backend behaves."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from tinyflux import FieldQuery, MeasurementQuery, Point, TagQuery, TimeQuery

from curio_tracking.errors import QueryError
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord, FeatureStatus, from_microseconds
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.handle import open_store
from curio_tracking.storage.tinyflux.search import NOTHING, Query, bounds_of, resolved
from curio_tracking.testing import START_US, make_record

Segments = Callable[[], list[Path]]
NOON = from_microseconds(START_US)
FAILED = TagQuery().status == "failed"


@pytest.mark.parametrize(
    ("query", "bounds"),
    [
        (TimeQuery() >= NOON, RecordQuery(since_us=START_US)),
        (TimeQuery() < NOON, RecordQuery(until_us=START_US + 1)),
        (TimeQuery() == NOON, RecordQuery(since_us=START_US, until_us=START_US + 1)),
        (TimeQuery() <= NOON.astimezone(timezone(timedelta(hours=3))), RecordQuery(until_us=START_US + 1)),
        (MeasurementQuery() == "search", RecordQuery(feature_name="search")),
        (FAILED, RecordQuery(status=FeatureStatus.FAILED)),
        (FAILED & (FieldQuery().duration > 1), RecordQuery(status=FeatureStatus.FAILED)),
        (FAILED & (TagQuery().status == "success"), NOTHING),
        (TagQuery().status == "no_such_status", NOTHING),
        (FAILED | (TagQuery().status == "no_such_status"), RecordQuery(status=FeatureStatus.FAILED)),
        (FAILED | (TagQuery().status == "success"), RecordQuery()),
        (TagQuery().category == "other", RecordQuery(category="other")),
        (
            (TagQuery().user_id == "ann") | (TagQuery().user_id == "bob"),
            RecordQuery(user_ids=frozenset({"ann", "bob"})),
        ),
        ((TagQuery().record_id == "r") & ~FAILED, RecordQuery(record_ids=frozenset({"r"}))),
        (
            (FAILED & (TimeQuery() > NOON)) | (FAILED & (TimeQuery() == NOON)),
            RecordQuery(status=FeatureStatus.FAILED, since_us=START_US),
        ),
        (FAILED | (FieldQuery().duration > 1), RecordQuery()),
        (~FAILED, RecordQuery()),
        (TagQuery().status != "failed", RecordQuery()),
        (TagQuery().status.map(str.lower) == "failed", RecordQuery()),
        (TagQuery().host == "failed", RecordQuery()),
        (MeasurementQuery().noop(), RecordQuery()),
    ],
)
def test_bounds_of_a_query(query: Query, bounds: RecordQuery) -> None:
    assert bounds_of(resolved(query)) == bounds


def test_days_that_the_query_excludes_are_not_read(tinyflux: TinyFluxBackend, segments: Segments) -> None:
    tinyflux.append([make_record(1), make_record(2, start_us=START_US + 3 * 86_400_000_000)])
    with segments()[0].open("ab") as old:
        old.write(b"zzz: no record\n")
    assert len(list(tinyflux.search(TimeQuery() > NOON + timedelta(days=1)))) == 1
    assert tinyflux.quarantined == 0
    assert len(list(tinyflux.search(FieldQuery().duration > 0))) == 2
    assert tinyflux.quarantined == 1


# -- details --------------------------------------------------------------------------------------------------------


def test_search_reads_only_as_far_as_it_is_asked() -> None:
    read: list[str] = []

    class Counting(TinyFluxBackend):
        def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
            for number in range(1000):
                read.append(str(number))
                yield make_record(number)

    found = Counting(Path("nowhere")).search(FieldQuery().duration > 0)
    assert (next(found).measurement, len(read)) == ("import_csv", 1)


@pytest.mark.parametrize("question", [TagQuery(), TagQuery().status, RecordQuery(), "status == 'failed'", None])
def test_what_is_no_complete_query_is_refused_at_once(tinyflux: TinyFluxBackend, question: Any) -> None:
    with pytest.raises(QueryError, match="is no complete TinyFlux query; give one such as"):
        tinyflux.search(question)


def test_moment_that_has_no_utc_is_refused(tinyflux: TinyFluxBackend) -> None:
    with pytest.raises(QueryError, match="give it in UTC"):
        tinyflux.search(TimeQuery() < datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))))


def test_many_alternatives_are_no_problem(tinyflux: TinyFluxBackend) -> None:
    tinyflux.append([make_record(number, user_id=f"u{number}") for number in range(10)])
    query = reduce(operator.or_, (TagQuery().user_id == f"u{number}" for number in range(5, 300)))
    assert len(list(tinyflux.search(query))) == 5


def test_store_that_does_not_exist_is_empty_and_stays_so(data_dir: Path) -> None:
    assert list(TinyFluxBackend(data_dir).search(FAILED)) == []
    assert open_store(data_dir).all() == []
    assert not data_dir.exists()


def test_point_is_found_by_its_own_time(tinyflux: TinyFluxBackend) -> None:
    tinyflux.append([make_record(number) for number in range(3)])
    (point,) = tinyflux.search(TimeQuery() == from_microseconds(START_US + 1))
    assert list(tinyflux.search(TimeQuery() == point.time)) == [point]


def test_points_are_tinyflux_points(tinyflux: TinyFluxBackend) -> None:
    tinyflux.append([make_record(1)])
    (point,) = tinyflux.search(TagQuery().user_id == "u1")
    assert type(point) is Point
