"""The handle on a whole store has TinyFlux's methods and gives TinyFlux's answers, and nothing can be changed by it."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tinyflux import FieldQuery, MeasurementQuery, Point, TagQuery, TimeQuery, TinyFlux
from tinyflux.measurement import Measurement
from tinyflux.storages import MemoryStorage

from curio_tracking.errors import QueryError, StorageError
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord, from_microseconds
from curio_tracking.storage.memory import MemoryBackend
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.handle import ReadOnlyTinyFlux, open_store
from curio_tracking.storage.tinyflux.stock import point_of
from curio_tracking.testing import START_US, make_record
from curio_tracking.testing.strategies import batches, records

Segments = Callable[[], list[Path]]
DAY_US = 86_400_000_000
TEXTS = st.sampled_from(["ann", "bob", "_none", "", 'a,"b"', "line\nbreak"])
SEVERAL = [
    make_record(number, feature_name=("parse", "save")[number % 2], start_us=START_US + number * DAY_US)
    for number in range(6)
]
PARSED = MeasurementQuery() == "parse"
METHODS = [
    name
    for name, method in inspect.getmembers(TinyFlux, inspect.isfunction)
    if not name.startswith("_") and name not in ("close", "measurement", "reindex")
]
"""Every public method of TinyFlux that reads or writes."""
WRITING = {"insert", "insert_multiple", "remove", "remove_all", "update", "update_all", "drop_measurement"}


@pytest.fixture
def handle(tinyflux: TinyFluxBackend, data_dir: Path) -> Iterator[ReadOnlyTinyFlux]:
    """Return a handle on a store with SEVERAL."""
    tinyflux.append(SEVERAL)
    with open_store(data_dir) as opened:
        yield opened


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    batch=batches(records(text=TEXTS, more=st.just({"a": [1, 2]})), largest=8),
    name=st.none() | TEXTS,
    keys=st.lists(st.sampled_from(["user_id", "status", "no_such_tag"]), unique=True),
)
def test_handle_knows_the_same_keys_values_and_points_as_stock_tinyflux(
    batch: list[FeatureRecord], name: str | None, keys: list[str]
) -> None:
    newest_first = sorted(batch, key=lambda record: (record.start_us, record.record_id), reverse=True)
    stock = TinyFlux(storage=MemoryStorage, auto_index=False)
    stock.insert_multiple(map(point_of, newest_first))
    with tempfile.TemporaryDirectory() as directory:
        backend = TinyFluxBackend(Path(directory))
        backend.append(batch)
        ours = ReadOnlyTinyFlux(backend)
        assert (list(ours), len(ours)) == (list(stock), len(stock))
        assert (ours.all(), ours.all(sorted=False)) == (stock.all(), stock.all(sorted=False))
        assert ours.get_measurements() == stock.get_measurements()
        assert ours.get_timestamps(name) == stock.get_timestamps(name)
        assert ours.get_tag_keys(name) == stock.get_tag_keys(name)
        assert ours.get_tag_values(keys, name) == stock.get_tag_values(keys, name)
        assert ours.get_field_keys(name) == stock.get_field_keys(name)
        for field in ("duration", "memory_bytes", "no_such_field"):
            assert ours.get_field_values(field, name) == stock.get_field_values(field, name)
        if name is not None:
            assert_same_measurement(ours.measurement(name), stock.measurement(name))
        backend.close()


def assert_same_measurement(ours: Measurement, stock: Measurement) -> None:
    query = FieldQuery().duration > 1
    assert (list(ours), len(ours), ours.name) == (list(stock), len(stock), stock.name)
    assert (ours.all(), ours.all(sorted=False)) == (stock.all(), stock.all(sorted=False))
    assert (ours.search(query), ours.get(query)) == (stock.search(query), stock.get(query))
    assert (ours.count(query), ours.contains(query)) == (stock.count(query), stock.contains(query))
    assert ours.select("tags.user_id", query) == stock.select("tags.user_id", query)
    assert (ours.get_tag_keys(), ours.get_field_keys()) == (stock.get_tag_keys(), stock.get_field_keys())
    assert ours.get_tag_values() == stock.get_tag_values()
    assert ours.get_field_values("duration") == stock.get_field_values("duration")
    assert ours.get_timestamps() == stock.get_timestamps()


@pytest.mark.parametrize("name", [*METHODS, "measurement"])
def test_methods_take_the_arguments_that_stock_tinyflux_takes(name: str) -> None:
    ours = inspect.signature(getattr(ReadOnlyTinyFlux, name)).parameters
    stock = inspect.signature(getattr(TinyFlux, name)).parameters
    assert [(each.name.lstrip("_"), each.kind) for each in ours.values()][:-1] == [
        (each.name, each.kind) for each in stock.values()
    ][:-1]
    assert [each.kind for each in ours.values()] == [each.kind for each in stock.values()]


# -- nothing can be changed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda handle: handle.insert(Point()),
        lambda handle: handle.insert_multiple([Point()]),
        lambda handle: handle.remove(PARSED),
        lambda handle: handle.remove_all(),
        lambda handle: handle.update(PARSED, tags={"user_id": "bob"}),
        lambda handle: handle.update_all(tags={"user_id": "bob"}),
        lambda handle: handle.drop_measurement("parse"),
        lambda handle: handle.reindex(),
        lambda handle: handle.measurement("parse").insert(Point()),
        lambda handle: handle.measurement("parse").insert_multiple([Point()]),
        lambda handle: handle.measurement("parse").remove(PARSED),
        lambda handle: handle.measurement("parse").remove_all(),
        lambda handle: handle.measurement("parse").update_all(tags={"user_id": "bob"}),
        lambda handle: handle.storage.append([]),
        lambda handle: handle.storage.reset(),
    ],
)
def test_changes_are_refused(handle: ReadOnlyTinyFlux, change: Callable[[TinyFlux], object]) -> None:
    before = handle.all()
    with pytest.raises(StorageError, match="this handle is read-only"):
        change(handle)
    assert handle.all() == before


def test_every_method_of_tinyflux_is_known_to_read_or_to_write() -> None:
    reading = {name for name in METHODS if name in vars(ReadOnlyTinyFlux)} | {"all", "get_measurements"}
    assert set(METHODS) == reading | WRITING


# -- what is read ---------------------------------------------------------------------------------------------------


class Watched(MemoryBackend):
    """Remembers what it was asked for."""

    def __init__(self, data_dir: str) -> None:
        super().__init__(data_dir)
        self.asked: list[RecordQuery] = []

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        self.asked.append(query)
        return super().records(query)


@pytest.fixture
def watched(data_dir: Path) -> Watched:
    """Return a backend with SEVERAL."""
    backend = Watched(str(data_dir))
    backend.append(SEVERAL)
    return backend


LAST = RecordQuery(feature_name="parse", since_us=START_US)
SINCE = TimeQuery() >= from_microseconds(START_US)


@pytest.mark.parametrize(
    ("question", "where"),
    [
        (lambda handle: handle.search(SINCE & PARSED), LAST),
        (lambda handle: handle.search(SINCE, "parse"), LAST),
        (lambda handle: handle.count(SINCE, "parse"), LAST),
        (lambda handle: handle.contains(SINCE, "parse"), LAST),
        (lambda handle: handle.get(SINCE, "parse"), LAST),
        (lambda handle: handle.select("time", SINCE, "parse"), LAST),
        (lambda handle: handle.measurement("parse").search(SINCE), LAST),
        (lambda handle: handle.get_tag_keys("parse"), RecordQuery(feature_name="parse")),
        (lambda handle: handle.get_tag_values(["status"], "parse"), RecordQuery(feature_name="parse")),
        (lambda handle: handle.get_field_keys("parse"), RecordQuery(feature_name="parse")),
        (lambda handle: handle.get_field_values("duration", "parse"), RecordQuery(feature_name="parse")),
        (lambda handle: handle.get_timestamps("parse"), RecordQuery(feature_name="parse")),
        (lambda handle: [*iter(handle.measurement("parse"))], RecordQuery(feature_name="parse")),
        (lambda handle: len(handle.measurement("parse")), RecordQuery(feature_name="parse")),
        (lambda handle: handle.search(FieldQuery().duration > 1), RecordQuery()),
        (lambda handle: handle.get_measurements(), RecordQuery()),
        (len, RecordQuery()),
    ],
)
def test_question_reads_the_store_once_and_only_where_it_must(
    watched: Watched, question: Callable[[TinyFlux], object], where: RecordQuery
) -> None:
    question(ReadOnlyTinyFlux(watched))
    assert watched.asked == [where]


def test_opening_reads_nothing(watched: Watched) -> None:
    with ReadOnlyTinyFlux(watched):
        pass
    assert watched.asked == []


def test_handle_sees_what_is_recorded_after_it_was_opened(handle: ReadOnlyTinyFlux, tinyflux: TinyFluxBackend) -> None:
    before = len(handle)
    tinyflux.append([make_record(99)])
    assert len(handle) == before + 1


def test_search_is_by_time_and_get_gives_the_newest(handle: ReadOnlyTinyFlux) -> None:
    ids = [point.tags["record_id"] for point in handle.search(PARSED)]
    assert ids == ["record-00000000", "record-00000002", "record-00000004"]
    newest = handle.get(PARSED)
    assert newest is not None
    assert newest.tags["record_id"] == ids[-1]


def test_what_is_no_complete_query_is_refused(handle: ReadOnlyTinyFlux) -> None:
    with pytest.raises(QueryError, match="is no complete TinyFlux query"):
        handle.count(TagQuery().status)  # type: ignore[arg-type]
