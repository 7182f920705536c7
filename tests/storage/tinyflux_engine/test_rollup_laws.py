"""The law of rollups: whatever was written, kept, merged and compressed, totals are the plain fold of the records.

For any split into writers, segments, days, months and checkpoints, with upkeep and deletions in between, for readers
that ask for the first time and for those that ask again.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curio_tracking.queries import GROUPABLE, RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.storage.tinyflux import writer
from curio_tracking.storage.tinyflux.rollups import cells, container
from curio_tracking.storage.tinyflux.upkeep import rounds

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
MARCH_30_US = 1_774_828_800_000_000
"""2026-03-30: the days around it are in two months, and long over."""
law = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
NAMES = st.sampled_from(("f", "g", "a name, with comma", ""))


def moments() -> st.SearchStrategy[int]:
    """Return starts on few days of three months, often on the border of an hour or a day."""
    day = st.sampled_from((0, 1, 2, 3, 33))
    hour = st.integers(0, 24)
    shift = st.sampled_from((-1, 0, 1)) | st.integers(0, HOUR_US - 1)
    return st.builds(lambda d, h, s: MARCH_30_US + d * DAY_US + h * HOUR_US + s, day, hour, shift)


def records(*, weights: st.SearchStrategy[float]) -> st.SearchStrategy[FeatureRecord]:
    optional = st.none() | st.sampled_from(("x", "y"))
    return st.builds(
        FeatureRecord,
        record_id=st.just(""),
        feature_name=NAMES,
        category=st.sampled_from(("other", "ui")),
        status=st.sampled_from(FeatureStatus),
        start_us=moments(),
        duration=st.sampled_from((0.0, 1e-9, 0.25, 3.5)) | st.floats(0, 1e6),
        input_size=st.none() | st.integers(0, 2**40),
        efficiency_score=st.none() | st.floats(0, 1),
        iterations=st.integers(1, 9),
        user_id=st.none() | st.integers(0, 300).map(str),
        app=optional,
        version=optional,
        environment=optional,
        sample_weight=weights,
    )


def questions() -> st.SearchStrategy[SummaryQuery]:
    where = st.builds(
        RecordQuery,
        feature_name=st.none() | NAMES,
        category=st.none() | st.sampled_from(("other", "ui")),
        status=st.none() | st.sampled_from(FeatureStatus),
        since_us=st.none() | moments(),
        until_us=st.none() | moments(),
        limit=st.sampled_from((0, 1)),
    )
    groups = st.lists(st.sampled_from(GROUPABLE), unique=True, max_size=3).map(tuple)
    return st.builds(SummaryQuery, where, groups | st.just(("feature_name", "category")))


@pytest.fixture(autouse=True)
def small_limits(eager_checkpoints: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that is split be split small."""
    monkeypatch.setattr(writer, "MAX_BYTES", 1_500)
    monkeypatch.setattr(cells, "MOST_WAITING", 5)
    monkeypatch.setattr(rounds, "MANY_SEGMENTS", 2)
    # sections are read when they are asked for, as in files of a size that tests cannot afford
    monkeypatch.setattr(container, "_FIRST_READ", 64)


def run(engine: Any, assert_same: Callable[..., None], data: st.DataObject, *, is_weighted: bool) -> None:
    """Play a story: writers come and go, upkeep and deletions happen, and a reader asks all the time."""
    shutil.rmtree(engine.data_dir, ignore_errors=True)
    weights = st.floats(1, 100) if is_weighted else st.just(1.0)
    ids = itertools.count()
    writers = [engine.backend() for _ in range(2)]
    warm = engine.backend()
    kept: list[FeatureRecord] = []
    asked = data.draw(st.lists(questions(), min_size=1, max_size=3))
    for action in data.draw(st.lists(st.sampled_from(("write",) * 4 + ("close", "maintain", "delete")), max_size=8)):
        if action == "write":
            number = data.draw(st.integers(0, 1))
            drawn = data.draw(st.lists(records(weights=weights), min_size=1, max_size=12))
            batch = [replace(record, record_id=f"r{next(ids)}") for record in drawn]
            writers[number].append(batch)
            kept += batch
        elif action == "close":
            writers[data.draw(st.integers(0, 1))].close()
        elif action == "maintain":
            assert engine.maintain().failed is None
        else:
            for one in writers:
                one.close()
            where = data.draw(questions()).where
            engine.backend().delete(where)
            kept = [record for record in kept if not replace(where, limit=0).matches(record)]
        for query in asked:
            assert_same(warm.summaries(query), kept, query, is_weighted=is_weighted)
    for query in [*asked, *data.draw(st.lists(questions(), max_size=3))]:
        for reader in (engine.backend(), warm):
            assert_same(reader.summaries(query), kept, query, is_weighted=is_weighted)
    order = sorted(kept, key=lambda record: (record.start_us, record.record_id), reverse=True)
    assert list(warm.records(RecordQuery())) == order
    engine.close()


@law
@given(data=st.data())
def test_totals_are_the_plain_fold_of_the_records(
    engine: Any, assert_same: Callable[..., None], data: st.DataObject
) -> None:
    run(engine, assert_same, data, is_weighted=False)


@law
@given(data=st.data())
def test_totals_are_the_weighted_fold_of_sampled_records(
    engine: Any, assert_same: Callable[..., None], data: st.DataObject
) -> None:
    run(engine, assert_same, data, is_weighted=True)
