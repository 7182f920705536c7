from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

import curio_tracking
from curio_tracking.testing.filters import make_record
from curio_tracking_parquet import RECORD_SCHEMA
from curio_tracking_parquet.layout import COLUMNS

README = Path(__file__).parents[1] / "README.md"


def test_columns_are_those_of_the_record_in_its_order() -> None:
    assert RECORD_SCHEMA.names == list(make_record().as_dict())


def test_schema_tells_the_products_version_and_its_own() -> None:
    assert RECORD_SCHEMA.metadata[b"curio_tracking.version"] == curio_tracking.__version__.encode()
    assert RECORD_SCHEMA.metadata[b"curio_tracking.record_format"] == b"1"


def test_schema_tells_the_meaning_of_every_column() -> None:
    vocabulary = json.loads(RECORD_SCHEMA.metadata[b"curio_tracking.record"])
    assert vocabulary["duration"] == {"type": "float64", "meaning": "seconds"}
    assert list(vocabulary) == RECORD_SCHEMA.names


def test_start_is_a_moment_in_utc() -> None:
    assert RECORD_SCHEMA.field("start_time").type == pa.timestamp("us", "UTC")


def test_readme_describes_every_column_as_it_is() -> None:
    lines = README.read_text("utf-8").splitlines()
    for column in COLUMNS:
        nulls = "yes" if column.is_nullable else ""
        assert f"| `{column.name}` | {column.kind.value} | {nulls} | {column.meaning} |" in lines
