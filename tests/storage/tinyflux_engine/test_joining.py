"""Small segments become one, and no reader, deletion or retention ever sees a record twice or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.catalog import segments_of
from curio_tracking.storage.tinyflux.upkeep import joining
from curio_tracking.storage.tinyflux.upkeep.pace import Pace
from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine
from curio_tracking.testing import START_US

RUNS = 20
Make = Callable[..., list[FeatureRecord]]


@pytest.fixture
def records(engine: Any, make_many: Make) -> list[FeatureRecord]:
    """Leave what a program leaves that was run twenty times on one day, with three records each; return them."""
    made = make_many(3 * RUNS)
    for run in range(RUNS):
        engine.write(made[3 * run : 3 * run + 3])
    return made


def ids(records: list[FeatureRecord]) -> list[str]:
    return [record.record_id for record in reversed(records)]


@pytest.fixture
def killed_join(engine: Any, records: list[FeatureRecord], monkeypatch: pytest.MonkeyPatch) -> list[FeatureRecord]:
    """Leave a joined segment whose parts were not removed any more."""
    with monkeypatch.context() as patched:
        patched.setattr(joining, "finish_joins", lambda _directory: None)
        joining.join(segments_of(engine.data_dir / "raw", day_of(engine)), Quarantine(engine.data_dir), Pace())
    assert len(engine.files("raw/*/*.parts")) == 1
    assert len(engine.files("raw/*/*.csv")) == RUNS
    return records


def day_of(engine: Any) -> str:
    [day] = os.listdir(engine.data_dir / "raw")
    return day


def test_many_small_segments_become_one(
    engine: Any, records: list[FeatureRecord], assert_same: Callable[..., None]
) -> None:
    reader = engine.backend()
    assert engine.listed(reader) == ids(records)
    assert not engine.maintain().failed
    assert [path.name.startswith("joined-") for path in engine.files("raw/*/*.csv*")] == [True]
    assert not engine.files("raw/*/*.parts")
    query = SummaryQuery(RecordQuery(), ("feature_name", "status"))
    for backend in (reader, engine.backend()):
        assert engine.listed(backend) == ids(records)
        assert_same(backend.summaries(query), records, query)


def test_few_and_large_segments_stay_as_they_are(engine: Any, make_many: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for run in range(joining.FEWEST - 1):
        engine.write(make_many(1, first=run))
    engine.maintain()
    assert not engine.files("raw/*/joined-*")
    monkeypatch.setattr(joining, "SMALL_BYTES", 1)
    engine.write(make_many(1, first=RUNS))
    engine.maintain()
    assert not engine.files("raw/*/joined-*")


def test_a_day_is_joined_again_as_it_grows(engine: Any, make_many: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curio_tracking.storage.tinyflux.upkeep.rounds.datetime", _OnTheDay)
    made: list[FeatureRecord] = []
    for _round in range(3):
        for _run in range(joining.FEWEST):
            fresh = make_many(1, first=len(made))
            engine.write(fresh)
            made += fresh
        engine.maintain()
        assert len(engine.files("raw/*/*.csv*")) == 1
        assert engine.listed() == ids(made)


class _OnTheDay:
    """The clock of the rounds, on the very day of the records: it is not over yet."""

    @staticmethod
    def now(zone: Any) -> datetime:
        return datetime.fromtimestamp(START_US / 1e6, zone)

    @staticmethod
    def fromisoformat(text: str) -> datetime:
        return datetime.fromisoformat(text)


def test_segment_of_a_living_writer_is_left_out(engine: Any, records: list[FeatureRecord], make_many: Make) -> None:
    writer = engine.backend()
    late = make_many(1, first=3 * RUNS)
    writer.append(late)
    engine.maintain()
    assert len(engine.files("raw/*/joined-*.csv.gz")) == 1
    [live] = engine.files("raw/*/*.csv")
    more = make_many(1, first=3 * RUNS + 1)
    writer.append(more)
    assert live.stat().st_size > 0
    assert engine.listed() == ids(records + late + more)


def test_rows_that_are_no_records_go_to_quarantine(engine: Any, records: list[FeatureRecord]) -> None:
    first = engine.files("raw/*/*.csv")[0]
    first.write_bytes(b"no record\n" + first.read_bytes() + b"torn")
    engine.maintain()
    assert engine.listed() == ids(records)
    assert [path.read_bytes() for path in engine.files("quarantine/*/*")] == [b"no record\n"]
    assert engine.backend().quarantined == 1


def test_parts_that_are_still_there_are_counted_once(engine: Any, killed_join: list[FeatureRecord]) -> None:
    assert engine.listed() == ids(killed_join)
    assert engine.calls() == len(killed_join)
    engine.maintain()
    assert engine.listed() == ids(killed_join)
    assert len(engine.files("raw/*/*.csv*")) == 1
    assert not engine.files("raw/*/*.parts")


def test_deletion_reaches_parts_that_are_still_there(engine: Any, killed_join: list[FeatureRecord]) -> None:
    gone = killed_join[0].record_id
    assert engine.backend().delete(RecordQuery(record_ids=frozenset({gone}))) == 1
    assert engine.listed() == ids(killed_join[1:])
    engine.maintain()
    assert engine.listed() == ids(killed_join[1:])
    assert not engine.files("raw/*/*.parts")


def test_deletion_of_everything_brings_no_part_back(engine: Any, killed_join: list[FeatureRecord]) -> None:
    assert engine.backend().delete(RecordQuery()) == len(killed_join)
    assert engine.listed() == []
    assert not engine.files("raw/*/*.csv*")


def test_retention_brings_no_part_back(engine: Any, killed_join: list[FeatureRecord]) -> None:
    engine.maintain(retention_days=1)
    assert engine.listed() == []
    assert engine.calls() == len(killed_join)
    assert not engine.files("raw/*/*")


def test_list_of_a_join_that_was_given_up_changes_nothing(engine: Any, records: list[FeatureRecord]) -> None:
    day = engine.data_dir / "raw" / day_of(engine)
    names = [segment.stem for segment in segments_of(engine.data_dir / "raw", day.name)]
    (day / "joined-1-00000000-20.parts").write_text("\n".join(names))
    assert engine.listed() == ids(records)
    assert engine.calls() == len(records)
    engine.maintain()
    assert engine.listed() == ids(records)
    assert not engine.files("raw/*/*.parts")


def test_store_that_was_copied_in_the_middle_of_a_join_is_whole(
    engine: Any, killed_join: list[FeatureRecord], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(engine.data_dir, copy)
    assert [record.record_id for record in TinyFluxBackend(copy).records(RecordQuery())] == ids(killed_join)
