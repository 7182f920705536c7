"""What rollups look like on the disk reads back as it was written, and nothing else is taken for it."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curio_tracking.queries import SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.sketches import RELATIVE_ERROR, HyperLogLog
from curio_tracking.storage.tinyflux import blocks
from curio_tracking.storage.tinyflux.blocks import BlockIndex
from curio_tracking.storage.tinyflux.rollups.cells import DIMENSIONS, HOUR, Cells, by_dimensions
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, Rollup, write_rollup
from curio_tracking.storage.tinyflux.rollups.table import decode_table, encode_table
from curio_tracking.summaries import fold
from curio_tracking.testing import START_US, make_record
from curio_tracking.testing.strategies import batches, records

law = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.sampled_from(("f", "g", "", 'a "quoted", name\n'))
BATCHES = batches(records(text=NAMES, more=st.just({})), largest=30)
HOUR_US = 3_600_000_000


@law
@given(batch=BATCHES, cuts=st.lists(st.integers(0, 30), max_size=3))
def test_table_of_cells_says_what_a_plain_fold_says(batch: list[FeatureRecord], cuts: list[int]) -> None:
    cells = Cells()
    borders = sorted({0, len(batch), *(cut for cut in cuts if cut < len(batch))})
    for start, end in pairwise(borders):
        part = Cells()
        part.add(batch[start:end])
        decode_table(encode_table((*DIMENSIONS, HOUR), part.settle())).merge_into(cells.totals, lambda key: key)
    found = {key: one.as_dict() for key, one in by_dimensions(cells.totals, ("feature_name", "category")).items()}
    expected = {key: one.as_dict() for key, one in fold(batch, ("feature_name", "category")).items()}
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        for name in values.keys() - {"feature_name", "category"}:
            assert found[key][name] == (
                pytest.approx(values[name], rel=1e-9) if isinstance(values[name], float) else values[name]
            ), name


@law
@given(
    sizes=st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(-(10**15), 10**15), st.integers(0, 10**12)), max_size=20
    )
)
def test_index_of_blocks_reads_back_and_leaves_no_gap(sizes: list[tuple[int, int, int]]) -> None:
    index = BlockIndex()
    for size, first_us, length in sizes:
        index.extend(size, first_us, first_us + length)
    assert index.end == sum(size for size, _first, _length in sizes)
    assert all(before.end == after.offset for before, after in pairwise(index.blocks))
    if sizes:
        assert BlockIndex.decode(index.encode()).blocks == index.blocks
        assert min(block.first_us for block in index.blocks) == min(first for _size, first, _length in sizes)


@law
@given(
    sizes=st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 50), st.integers(0, 20)), max_size=20),
    stored=st.integers(1, 20),
    tail=st.sampled_from((1, 3, 32)),
)
def test_index_that_was_read_grows_like_one_that_was_not(
    sizes: list[tuple[int, int, int]], stored: int, tail: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(blocks, "_TAIL", tail)
        _check_index(sizes, stored)


def _check_index(sizes: list[tuple[int, int, int]], stored: int) -> None:
    whole, half = BlockIndex(), BlockIndex()
    for number, (size, first_us, length) in enumerate(sizes):
        if number == stored:
            half = BlockIndex.decode(half.encode()).copy()
        whole.extend(size, first_us, first_us + length)
        half.extend(size, first_us, first_us + length)
    newest = list(half.newest())
    assert [block.last_us for block in newest] == sorted((block.last_us for block in whole.blocks), reverse=True)
    assert sorted(newest) == whole.blocks
    assert (half.last, half.end) == (whole.last, whole.end)
    assert half.blocks == whole.blocks


@law
@given(sections=st.dictionaries(st.text(max_size=5), st.binary(max_size=50), max_size=4), data=st.data())
def test_flipped_byte_is_never_read_as_what_was_written(
    tmp_path: Path, sections: dict[str, bytes], data: st.DataObject
) -> None:
    path = tmp_path / "some.rollup"
    write_rollup(path, {"covered": 7}, sections, durable=False)
    whole = Rollup(path)
    assert {name: whole.section(name) for name in whole.names()} == sections
    written = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(written) - 1))
    written[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(written)
    with pytest.raises((DamagedError, AssertionError)):
        damaged = Rollup(path)
        assert {name: damaged.section(name) for name in damaged.names()} != sections


@pytest.mark.parametrize("count", [0, 1, 60, 128, 129, 200, 1_000, 20_000])
def test_counter_of_users_reads_back_from_planes_and_codes(count: int) -> None:
    counter = HyperLogLog()
    counter.add_each(map(str, range(count)))
    planes, codes = counter.planes_and_codes()
    assert HyperLogLog(codes, planes).registers() == counter.registers()
    assert HyperLogLog(planes=counter.planes()).registers() == counter.registers()
    again = HyperLogLog()
    again.add_codes(codes)
    again.add_planes(planes)
    assert again.planes_and_codes() == (planes, codes)


@pytest.mark.parametrize("retention_days", [0, 1])
def test_quantiles_and_users_are_within_their_errors_through_all_rollups(engine: Any, retention_days: int) -> None:
    durations = [math.exp(((number * 7919) % 9973) / 9973 * 6 - 9) for number in range(6000)]
    engine.write(
        make_record(number, start_us=START_US + number * HOUR_US // 8, duration=value, user_id=f"user {number % 2000}")
        for number, value in enumerate(durations)
    )
    engine.maintain(retention_days=retention_days)
    [summary] = engine.backend().summaries(SummaryQuery(group_by=()))
    found = summary.as_dict()
    for name, share in (("p50_duration", 0.5), ("p95_duration", 0.95), ("p99_duration", 0.99)):
        exact = sorted(durations)[math.ceil(share * len(durations)) - 1]
        assert found[name] == pytest.approx(exact, rel=RELATIVE_ERROR + 1e-9)
    assert found["unique_users"] == pytest.approx(2000, rel=0.05)
