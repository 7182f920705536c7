"""The survey tells, before records are read, how much there is and what is left only as totals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shelf_backend import ShelfBackend

from curio_tracking.interfaces import BaseBackend
from curio_tracking.migrating.sides import MigrationError, Side
from curio_tracking.migrating.survey import Survey, survey
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureInfo, FeatureRecord
from curio_tracking.storage.csv import CsvBackend
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing.filters import make_record

DAY_US = 86_400_000_000
NOW_US = time.time_ns() // 1000
RETENTION_DAYS = 30


def with_retention(tmp_path: Path, ages_days: list[int]) -> TinyFluxBackend:
    """Return a store from which retention has removed the records of more than thirty days ago; three per day."""
    writer = TinyFluxBackend(tmp_path)
    for age in ages_days:
        start_us = NOW_US - age * DAY_US
        writer.append([make_record(0, record_id=f"{age}-{n}", start_us=start_us + n, user_id=None) for n in range(3)])
    writer.close()
    keeper = TinyFluxBackend(tmp_path, retention_days=RETENTION_DAYS)
    assert not keeper.maintain(lambda _what, _done, _total: None).failed
    return TinyFluxBackend(tmp_path)


def look(backend: object) -> Survey:
    return survey(Side("old", backend))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ages", "gone"),
    [([1, 2, 3], 0), ([1, 2, 40], 3), ([5, 100, 101, 3000], 9), ([29, 31, 32], 6), ([40, 41], 6), ([], 0)],
)
def test_calls_whose_records_retention_removed_are_known(tmp_path: Path, ages: list[int], gone: int) -> None:
    found = look(with_retention(tmp_path, ages))
    assert (found.gone.weight, found.weight) == (gone, 3 * len(ages) - gone)


def test_nothing_is_gone_where_statistics_come_from_records(tmp_path: Path) -> None:
    backend = CsvBackend(tmp_path)
    backend.append([make_record(1), make_record(2, start_us=NOW_US)])
    assert (look(backend).gone.weight, look(backend).weight) == (0, 2)


MakeBackend = Callable[[Path], object]
WITH_PLACES = [TinyFluxBackend, CsvBackend]


@pytest.mark.parametrize("make", WITH_PLACES)
def test_declared_features_are_known_with_their_places(tmp_path: Path, make: MakeBackend) -> None:
    backend = make(tmp_path)
    backend.append([make_record(1, feature_name="called", category="other")])  # type: ignore[attr-defined]
    infos = [FeatureInfo("called", "other", "m:a"), FeatureInfo("never", "other", "m:b")]
    backend.declare(infos)  # type: ignore[attr-defined]
    assert sorted(look(backend).declared, key=str) == infos


def test_backend_that_names_no_declared_features_shows_those_without_calls(tmp_path: Path) -> None:
    backend = ShelfBackend(tmp_path / "shelf")
    backend.append([make_record(1, feature_name="called", category="other")])
    backend.declare([FeatureInfo("called", "other", "m:a"), FeatureInfo("never", "other", "m:b")])
    assert look(backend).declared == [FeatureInfo("never", "other")]


def test_rows_that_are_no_records_are_counted(tmp_path: Path) -> None:
    backend = CsvBackend(tmp_path)
    backend.append([make_record(1)])
    (file,) = (tmp_path / "csv").glob("records-*.csv")
    with file.open("a") as stream:
        stream.write("no record\n")
    assert look(backend).unreadable == 1


class Unreadable(BaseBackend):
    """Cannot be read."""

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        raise RuntimeError("no route\nto host")


def test_store_that_cannot_be_read_is_named_with_the_reason() -> None:
    with pytest.raises(MigrationError, match=r"^reading old failed: RuntimeError: no route to host\n"):
        look(Unreadable())
