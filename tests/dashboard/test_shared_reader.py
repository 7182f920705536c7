from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from curio_tracking import FeatureCategory
from curio_tracking.dashboard.shared_reader import shared
from curio_tracking.errors import StorageError
from curio_tracking.interfaces import BaseBackend
from curio_tracking.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from curio_tracking.queries import RecordQuery
    from curio_tracking.records import FeatureRecord


class Fussy(BaseBackend):
    """A backend that raises when two threads read from it at the same time, as real ones go wrong."""

    def __init__(self, records: list[FeatureRecord]) -> None:
        self.kept = records
        self.busy = threading.Lock()
        self.is_closed = False

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        if not self.busy.acquire(blocking=False):
            raise RuntimeError("two threads at a time")
        try:
            yield from self.kept
        finally:
            self.busy.release()

    def append(self, records: Any) -> None:
        self.kept.extend(records)

    def delete(self, query: RecordQuery) -> int:
        self.kept.clear()
        return 0

    def close(self) -> None:
        self.is_closed = True


class Broken(Fussy):
    """A backend whose files cannot be read, until they can."""

    error: Exception | None = None

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        if self.error:
            raise self.error
        return super().records(query)


def reader_of(backend: Any) -> Reader:
    return Reader(backend, list(FeatureCategory), lambda user: frozenset({user}))


def test_threads_take_turns(record: Callable[..., Any]) -> None:
    reader = shared(reader_of(Fussy([record(n) for n in range(200)])))
    with ThreadPoolExecutor(12) as pool:
        counts = list(pool.map(lambda _: reader.overall(reader.where()).total_calls, range(60)))
    assert counts == [200] * 60


def test_abandoned_iterator_holds_up_nobody(record: Callable[..., Any]) -> None:
    reader = shared(reader_of(Fussy([record(n) for n in range(10)])))
    abandoned = reader.records(reader.where())
    next(abandoned)
    assert len(list(reader.records(reader.where()))) == 10


def test_nothing_can_be_written(record: Callable[..., Any]) -> None:
    backend = Fussy([record(1)])
    reader = shared(reader_of(backend))
    for write in (
        lambda: reader.backend.append([record(2)]),
        lambda: reader.backend.declare([]),
        lambda: reader.backend.delete(reader.where()),
    ):
        with pytest.raises(StorageError, match="only reads"):
            write()
    assert len(backend.kept) == 1


def test_closing_closes_the_backend(record: Callable[..., Any]) -> None:
    backend = Fussy([])
    shared(reader_of(backend)).close()
    assert backend.is_closed


def test_sharing_twice_is_sharing_once() -> None:
    reader = shared(reader_of(Fussy([])))
    assert shared(reader) is reader


@pytest.mark.parametrize("path", ["/", "/pages/features", "/pages/performance", "/pages/calls", "/api/overall"])
@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (StorageError("records.csv: cannot be read (no permission); check who owns it"), "check who owns it"),
        (OSError(5, "secret detail"), "the store cannot be read"),
        (RuntimeError("secret detail"), "the store cannot be read"),
    ],
)
def test_unreadable_store_is_an_error_page_and_the_dashboard_goes_on(
    make_client: Callable[..., Any],
    record: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    path: str,
    error: Exception,
    shown: str,
) -> None:
    backend = Broken([record(1)])
    client = make_client(reader=reader_of(backend))
    backend.error = error
    with caplog.at_level(logging.ERROR, "curio_tracking"):
        answer = client.ask(path)
    assert answer.status == 503
    assert shown in answer.html.lower()
    assert "secret detail" not in answer.html
    assert isinstance(error, StorageError) or "secret detail" in caplog.text
    backend.error = None
    assert client.ask(path).status == 200


def test_file_that_is_no_store_is_an_error_page(make_client: Callable[..., Any], data_dir: Any) -> None:
    from curio_tracking.storage.csv import CsvBackend

    data_dir.mkdir()
    (data_dir / "csv").write_text("a file where a directory is expected")
    client = make_client(reader=reader_of(CsvBackend(data_dir)))
    assert client.ask("/").status == 503
    assert client.ask("/api/records").status == 503
    assert client.ask("/static/dashboard.css").status == 200
