"""Programs that know nothing of this project read the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from curio_tracking import FeatureRecord
from curio_tracking.testing.filters import make_record

Shop = list[FeatureRecord]


def test_duckdb_counts_with_weights(shop: Shop, write: Callable[..., Path]) -> None:
    question = f"SELECT feature_name, sum(sample_weight) FROM '{write(shop)}' GROUP BY 1 ORDER BY 1"
    assert duckdb.sql(question).fetchall() == [("find", 3.0), ("import_csv", 21.0)]


def test_duckdb_takes_the_start_for_a_moment(shop: Shop, write: Callable[..., Path]) -> None:
    question = f"SELECT epoch_us(start_time) FROM '{write(shop)}'"
    assert duckdb.sql(question).fetchall() == [(record.start_us,) for record in shop]


def test_duckdb_looks_into_the_metadata(shop: Shop, write: Callable[..., Path]) -> None:
    question = f"SELECT (metadata->>'$.rows')::INT FROM '{write(shop)}' WHERE metadata->>'$.rows' IS NOT NULL"
    assert duckdb.sql(question).fetchall() == [(3,)]


def test_duckdb_keeps_large_integers(shop: Shop, write: Callable[..., Path]) -> None:
    assert duckdb.sql(f"SELECT max(output_size) FROM '{write(shop)}'").fetchall() == [(2**53 + 1,)]


def test_duckdb_reads_the_versions_of_the_file(write: Callable[..., Path]) -> None:
    question = (
        f"SELECT decode(value) FROM parquet_kv_metadata('{write([])}') WHERE key = 'curio_tracking.record_format'"
    )
    assert duckdb.sql(question).fetchall() == [("1",)]


def test_polars_scans_several_row_groups_lazily(write: Callable[..., Path]) -> None:
    path = write([make_record(number, input_size=number) for number in range(70_000)])
    last = pl.scan_parquet(path).filter(pl.col("input_size") >= 69_999).select("record_id").collect()
    assert last.to_dicts() == [{"record_id": "record-00069999"}]


def test_polars_looks_into_the_metadata(shop: Shop, write: Callable[..., Path]) -> None:
    rows = pl.read_parquet(write(shop)).select(pl.col("metadata").str.json_path_match("$.rows").cast(pl.Int64))
    assert rows["metadata"].drop_nulls().to_list() == [3]
