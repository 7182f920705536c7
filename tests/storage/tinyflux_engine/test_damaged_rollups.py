"""A rollup is a cache: whatever part of it is damaged, no answer is wrong, and upkeep makes it again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curio_tracking.maintenance import Condition
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, Rollup

MARCH_30 = -59
"""Days from the examples' own: a month that is over, in which upkeep makes every kind of rollup."""
KINDS = ("raw/*/*.rollup", "rollups/????-??-??.rollup", "rollups/????-??.rollup")
QUERIES = (SummaryQuery(), SummaryQuery(group_by=("status", "version")))
STEP = 23
FIXED = 21


@pytest.fixture
def kept(engine: Any, make_many: Callable[..., Any], eager_checkpoints: None) -> list[Any]:
    """Fill the store, and return the records: two days that are counted, and a third with a checkpoint alone."""
    records = [*make_many(3, day=MARCH_30), *make_many(3, first=3, day=MARCH_30 + 1)]
    engine.write(records[:3])
    engine.write(records[3:])
    assert engine.maintain().failed is None
    late = make_many(300, first=6, day=MARCH_30 + 2)
    engine.write(late)
    return [*records, *late]


def change_header(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Put another header into a rollup, with a checksum that holds."""
    data = path.read_bytes()
    length = int.from_bytes(data[FIXED - 8 : FIXED - 4], "little")
    header = json.dumps(change(json.loads(data[FIXED : FIXED + length]))).encode()
    numbers = len(header).to_bytes(4, "little") + zlib.crc32(header).to_bytes(4, "little")
    path.write_bytes(data[: FIXED - 8] + numbers + header + data[FIXED + length :])


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_byte_of_a_rollup_changes_no_answer(
    engine: Any, kept: list[Any], assert_same: Any, flip: Any, kind: str
) -> None:
    path = engine.files(kind)[-1]
    for position in range(0, path.stat().st_size, STEP):
        flip(path, position)
        reader = engine.backend()
        for query in QUERIES * 2:
            assert_same(reader.summaries(query), kept, query)
        flip(path, position)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_damaged_section_is_seen_by_a_reader_that_has_asked_before(
    engine: Any, kept: list[Any], assert_same: Any, flip: Any, kind: str
) -> None:
    reader = engine.backend()
    list(reader.summaries(QUERIES[0]))
    flip(engine.files(kind)[-1], -1)
    for query in QUERIES:
        assert_same(reader.summaries(query), kept, query)


@pytest.mark.parametrize("kind", KINDS)
def test_upkeep_makes_a_damaged_rollup_again(
    engine: Any, kept: list[Any], assert_same: Any, flip: Any, kind: str
) -> None:
    path = engine.files(kind)[-1]
    flip(path, path.stat().st_size - 1)
    with pytest.raises(DamagedError):
        Rollup(path).verify()
    assert engine.maintain().failed is None
    Rollup(path).verify()
    assert_same(engine.backend().summaries(QUERIES[0]), kept, QUERIES[0])


@pytest.mark.parametrize("kind", KINDS)
def test_deletion_goes_on_beside_a_damaged_rollup(
    engine: Any, kept: list[Any], assert_same: Any, flip: Any, kind: str
) -> None:
    flip(engine.files(kind)[-1], -1)
    gone = kept[0].record_id, kept[7].record_id
    assert engine.backend().delete(RecordQuery(record_ids=frozenset(gone))) == 2
    left = [record for record in kept if record.record_id not in gone]
    assert_same(engine.backend().summaries(QUERIES[0]), left, QUERIES[0])
    assert engine.maintain().failed is None
    assert_same(engine.backend().summaries(QUERIES[0]), left, QUERIES[0])


@pytest.mark.parametrize("kind", KINDS[1:])
def test_inspection_tells_of_a_damaged_section(engine: Any, kept: list[Any], flip: Any, kind: str) -> None:
    flip(engine.files(kind)[-1], -1)
    assert [found.part for found in engine.backend().inspect() if found.condition is Condition.DAMAGED] == [
        "rollups of days" if kind == KINDS[1] else "rollups of months"
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change",
    [
        lambda header: [],
        lambda header: {},
        lambda header: header | {"version": 3},
        lambda header: header | {"sections": None},
        lambda header: header | {"sections": [[[], 1, 2]]},
        lambda header: header | {"sections": [*header["sections"], ["more", -5, 0]]},
        lambda header: {"version": 2, "sections": header["sections"]},
        lambda header: header | {"days": {"2026-03-99": {}}, "covered": -1},
        lambda header: header | {"days": {"1999-01-01": {"x": 1}}, "covered": "all"},
    ],
)
def test_header_that_is_none_of_ours_is_not_believed(
    engine: Any, kept: list[Any], assert_same: Any, kind: str, change: Any
) -> None:
    change_header(engine.files(kind)[-1], change)
    for query in QUERIES:
        assert_same(engine.backend().summaries(query), kept, query)
