"""Laws: any TinyFlux query over a store finds what stock TinyFlux finds in the same points, whatever is narrowed."""

from __future__ import annotations

import operator
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tinyflux import FieldQuery, MeasurementQuery, TagQuery, TimeQuery, TinyFlux
from tinyflux.storages import MemoryStorage

from curio_tracking.records import FeatureRecord, FeatureStatus, from_microseconds
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.handle import ReadOnlyTinyFlux
from curio_tracking.storage.tinyflux.search import Query, bounds_of, resolved
from curio_tracking.storage.tinyflux.stock import point_of
from curio_tracking.testing import START_US
from curio_tracking.testing.strategies import batches, moments, records

COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
FEW_TEXTS = st.sampled_from(["ann", "bob", "_none", "", 'a,"b"', "line\nbreak", "file_operation", "failed"])
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-11))])
PROPERTY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def few_records() -> st.SearchStrategy[list[FeatureRecord]]:
    return batches(records(text=FEW_TEXTS, more=st.just({})), largest=10)


def times(moment: st.SearchStrategy[datetime]) -> st.SearchStrategy[Query]:
    return st.builds(lambda compare, when: compare(TimeQuery(), when), st.sampled_from(COMPARISONS), moment)


def measurements() -> st.SearchStrategy[Query]:
    compared = st.builds(
        lambda compare, text: compare(MeasurementQuery(), text), st.sampled_from(COMPARISONS), FEW_TEXTS
    )
    others = st.sampled_from(
        [MeasurementQuery().noop(), MeasurementQuery().search("n"), MeasurementQuery().test(lambda name: "a" in name)]
    )
    return compared | others


def tags() -> st.SearchStrategy[Query]:
    names = st.sampled_from(["status", "category", "user_id", "record_id", "host", "no_such_tag"])
    values = FEW_TEXTS | st.sampled_from(list(FeatureStatus))
    compared = st.builds(
        lambda compare, name, text: compare(TagQuery()[name], text), st.sampled_from(COMPARISONS), names, values
    )
    return compared | names.map(lambda name: TagQuery()[name].exists()) | names.map(lambda n: TagQuery()[n].search("a"))


def fields() -> st.SearchStrategy[Query]:
    names = st.sampled_from(["duration", "iterations", "memory_bytes"])
    return st.builds(
        lambda compare, name, number: compare(FieldQuery()[name], number),
        st.sampled_from(COMPARISONS),
        names,
        st.sampled_from([0, 1, 1000.5]),
    )


def mapped() -> st.SearchStrategy[Query]:
    return st.sampled_from(
        [
            TimeQuery().map(lambda when: when + timedelta(days=1)) < from_microseconds(START_US),
            TagQuery().status.map(str.upper) == "FAILED",
            TagQuery().map(dict).status == "success",
            FieldQuery().duration.map(lambda seconds: -seconds) < -5,
            MeasurementQuery().map(str.upper) == "ANN",
        ]
    )


def trees(leaves: st.SearchStrategy[Query], *, negated: bool = True) -> st.SearchStrategy[Query]:
    def grow(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
        pairs = st.builds(
            lambda combine, a, b: combine(a, b), st.sampled_from([operator.and_, operator.or_]), inner, inner
        )
        return pairs | inner.map(operator.invert) if negated else pairs

    return st.recursive(leaves, grow, max_leaves=6)


def queries() -> st.SearchStrategy[Query]:
    aware = st.builds(lambda start, zone: from_microseconds(start).astimezone(zone), moments(), ZONES)
    return trees(times(aware) | measurements() | tags() | fields() | mapped())


@contextmanager
def store_of(batch: list[FeatureRecord]) -> Iterator[TinyFluxBackend]:
    with tempfile.TemporaryDirectory() as directory:
        backend = TinyFluxBackend(Path(directory))
        backend.append(batch)
        yield backend
        backend.close()


def stock_over(batch: list[FeatureRecord], *, index: bool = False) -> TinyFlux:
    """Return stock TinyFlux with the points in the order of the store.

    Without an index it evaluates queries as they are written; the index of 1.2.0 ignores `map` and finds too much for
    `~` of a field in a compound query.
    """
    database = TinyFlux(storage=MemoryStorage, auto_index=index)
    newest_first = sorted(batch, key=lambda record: (record.start_us, record.record_id), reverse=True)
    database.insert_multiple(point_of(record) for record in newest_first)
    return database


@PROPERTY
@given(batch=few_records(), query=queries())
def test_bounds_never_lose_a_record_that_the_query_accepts(batch: list[FeatureRecord], query: Query) -> None:
    bounds = bounds_of(resolved(query))
    assert all(bounds.matches(record) for record in batch if query(point_of(record)))


@PROPERTY
@given(batch=few_records(), query=queries())
def test_search_finds_what_stock_tinyflux_finds_newest_first(batch: list[FeatureRecord], query: Query) -> None:
    with store_of(batch) as backend:
        assert list(backend.search(query)) == stock_over(batch).search(query, sorted=False)


@PROPERTY
@given(batch=few_records(), query=queries(), measurement=st.none() | FEW_TEXTS)
def test_handle_answers_queries_like_stock_tinyflux(
    batch: list[FeatureRecord], query: Query, measurement: str | None
) -> None:
    with store_of(batch) as backend:
        handle, stock = ReadOnlyTinyFlux(backend), stock_over(batch)
        keys = ("time", "measurement", "tags.user_id", "fields.memory_bytes", "tags.no_such_tag")
        assert handle.search(query, measurement) == stock.search(query, measurement)
        assert handle.search(query, measurement, sorted=False) == stock.search(query, measurement, sorted=False)
        assert handle.select(keys, query, measurement) == stock.select(keys, query, measurement)
        assert handle.get(query, measurement) == stock.get(query, measurement)
        assert handle.count(query, measurement) == stock.count(query, measurement)
        assert handle.contains(query, measurement) == stock.contains(query, measurement)


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let local time differ from UTC."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
@settings(PROPERTY, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    batch=few_records(),
    query=trees(
        times(moments().map(lambda start: from_microseconds(start).astimezone().replace(tzinfo=None)))
        | measurements()
        | tags(),
    ),
)
def test_time_without_a_zone_is_local_as_in_the_index_of_stock_tinyflux(
    batch: list[FeatureRecord], query: Query
) -> None:
    with store_of(batch) as backend:
        # select, because stock's search asks the points instead of the index when the index accepts all of them
        expected = stock_over(batch, index=True).select("tags.record_id", query)
        assert [point.tags["record_id"] for point in backend.search(query)] == expected
