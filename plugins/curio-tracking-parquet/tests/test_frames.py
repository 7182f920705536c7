from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import curio_tracking
from curio_tracking import FeatureCategory, FeatureRecord, FeatureStatus, FeatureTracker
from curio_tracking.errors import QueryError, UnknownNameError
from curio_tracking.testing import START_US, make_record
from curio_tracking_parquet import RECORD_SCHEMA, MissingExtraError, to_arrow, to_pandas, to_polars
from curio_tracking_parquet.batches import RECORDS_PER_BATCH

Shop = list[FeatureRecord]
RecordsOf = Callable[[pa.Table], list[FeatureRecord]]


def test_arrow_table_holds_all_records_newest_first(shop: Shop, records_of: RecordsOf) -> None:
    assert records_of(to_arrow()) == shop


def test_arrow_table_of_an_empty_store_has_all_columns() -> None:
    table = to_arrow()
    assert (table.num_rows, table.schema) == (0, RECORD_SCHEMA)


def test_reading_an_empty_store_creates_no_file(tmp_path: Path) -> None:
    to_arrow()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "question",
    [
        {"feature_name": "find"},
        {"category": FeatureCategory.FILE_OPERATION},
        {"status": FeatureStatus.FAILED},
        {"user_id": "u1", "status": "success"},
        {"since": "2026-05-28T21:00:00"},
        {"until": "2026-05-28T21:00:00", "limit": 2},
    ],
)
def test_arguments_mean_what_they_mean_to_the_tracker(
    shop: Shop, records_of: RecordsOf, question: dict[str, Any]
) -> None:
    tracker = curio_tracking.FeatureTracker()
    expected = tracker.records(**({"limit": 0} | question))
    tracker.close()
    assert 0 < len(expected) < len(shop)
    assert records_of(to_arrow(**question)) == expected


START = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=START_US)


@pytest.mark.parametrize(
    ("since", "count"),
    [
        (START + timedelta(hours=3), 3),
        ((START + timedelta(hours=3)).astimezone(timezone(timedelta(hours=5))), 3),
        (pd.Timestamp(START + timedelta(hours=5)), 1),
        (date(2026, 5, 28), 6),
        (date(2026, 5, 30), 0),
    ],
)
def test_times_may_be_dates_and_datetimes(shop: Shop, since: date, count: int) -> None:
    assert to_arrow(since=since).num_rows == count


def test_own_calls_of_the_process_are_in_the_frame(tmp_path: Path) -> None:
    tracker = FeatureTracker(data_dir=tmp_path / "own")
    with tracker.track("import_csv"):
        pass
    assert to_arrow(tracker=tracker).column("feature_name").to_pylist() == ["import_csv"]
    tracker.close()


def test_another_store_is_named_by_data_dir_and_backend(
    tmp_path: Path, store: Callable[..., None], records_of: RecordsOf
) -> None:
    store([make_record(7)], data_dir=tmp_path / "other", backend="csv")
    assert records_of(to_arrow(data_dir=tmp_path / "other", backend="csv")) == [make_record(7)]


def test_tracker_and_another_store_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="give a tracker or data_dir, not both"):
        to_arrow(tracker=curio_tracking.feature_tracker, data_dir=tmp_path)


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({"category": "unheard_of"}, UnknownNameError),
        ({"status": "maybe"}, UnknownNameError),
        ({"since": "yesterday"}, QueryError),
        ({"backend": "tinyflx"}, UnknownNameError),
    ],
)
def test_question_that_makes_no_sense_is_refused(question: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        to_pandas(**question)


def test_pandas_frame_has_nullable_and_exact_types(shop: Shop) -> None:
    types = {name: str(kind) for name, kind in to_pandas().dtypes.items()}
    kinds = {
        "Int64": {"input_size", "output_size", "iterations", "thread_id", "process_id", "memory_bytes"},
        "float64": {"duration", "efficiency_score", "cpu_seconds", "sample_weight"},
        "category": {"category", "status"},
        "datetime64[us, UTC]": {"start_time"},
    }
    expected = {name: next((kind for kind, names in kinds.items() if name in names), "string") for name in types}
    assert types == expected
    assert list(types) == RECORD_SCHEMA.names


def test_pandas_frame_keeps_integers_that_a_float_cannot_hold(shop: Shop) -> None:
    assert to_pandas()["output_size"].dropna().to_list() == [2**53 + 1]


def test_pandas_frame_of_an_empty_store_has_the_same_types(shop: Shop, tmp_path: Path) -> None:
    full, empty = to_pandas(), to_pandas(data_dir=tmp_path / "nothing")
    assert len(empty) == 0
    assert empty.dtypes.map(str).equals(full.dtypes.map(str))


def test_pandas_reads_the_file_as_the_same_frame(shop: Shop, write: Callable[..., Path]) -> None:
    pd.testing.assert_frame_equal(pd.read_parquet(write(shop)), to_pandas())


def test_pandas_reads_chosen_columns_with_their_types(shop: Shop, write: Callable[..., Path]) -> None:
    frame = pd.read_parquet(write(shop), columns=["status", "input_size"])
    assert [str(kind) for kind in frame.dtypes] == ["category", "Int64"]


def test_polars_frame_has_the_types_of_the_columns(shop: Shop) -> None:
    schema = to_polars().schema
    assert schema["start_time"] == pl.Datetime("us", "UTC")
    assert (schema["input_size"], schema["duration"], schema["user_id"]) == (pl.Int64, pl.Float64, pl.String)
    assert (schema["status"], schema["category"]) == (pl.Categorical, pl.Categorical)
    assert schema.names() == RECORD_SCHEMA.names


def test_polars_reads_the_file_as_the_same_frame(shop: Shop, write: Callable[..., Path]) -> None:
    assert pl.read_parquet(write(shop)).equals(to_polars())


def test_batches_with_other_categories_make_one_frame(store: Callable[..., None]) -> None:
    names = ("other", "sysmon", "ai_provider")
    numbers = range(RECORDS_PER_BATCH + 10)
    store([make_record(number, category=names[number * 3 // len(numbers)]) for number in numbers])
    expected = [names[number * 3 // len(numbers)] for number in reversed(numbers)]
    assert to_pandas()["category"].to_list() == expected
    assert to_polars()["category"].to_list() == expected


@pytest.mark.parametrize(("library", "frame"), [("pandas", to_pandas), ("polars", to_polars)])
def test_missing_library_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, library: str, frame: Callable[[], object]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError) as caught:
        frame()
    assert str(caught.value) == (
        f"{library} is not installed; install it with: pip install 'curio-tracking-parquet[{library}]'"
    )


def test_plugin_is_imported_without_any_data_library() -> None:
    code = "import sys, curio_tracking_parquet.export_format; print({'pyarrow', 'pandas', 'polars'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_every_public_name_can_be_had() -> None:
    import curio_tracking_parquet

    assert all(getattr(curio_tracking_parquet, name) for name in curio_tracking_parquet.__all__)
    assert {*curio_tracking_parquet.__all__} <= {*dir(curio_tracking_parquet)}
