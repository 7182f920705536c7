from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pandas as pd
import polars as pl
import pytest

from curio_tracking import FeatureRecord
from curio_tracking.errors import QueryError
from curio_tracking_parquet import stats_to_arrow, stats_to_pandas, stats_to_polars

Shop = list[FeatureRecord]


def test_rows_are_those_of_list_features(shop: Shop, curio_tracking: Callable[..., object]) -> None:
    listed = json.loads(curio_tracking("list-features", "--limit", "0", "--format", "json").stdout)
    for row in listed:
        row |= {name: datetime.fromisoformat(row[name]) for name in ("first_used", "last_used")}
    assert stats_to_arrow().to_pylist() == listed


def test_every_record_counts_with_its_weight(shop: Shop) -> None:
    frame = stats_to_pandas().set_index("feature_name")
    assert frame.loc["import_csv", "total_calls"] == 21
    assert frame.loc["import_csv", "avg_duration"] == pytest.approx((10 * 0.25 + 10 * 0.75 + 0.25) / 21)


def test_weighted_frame_of_records_gives_the_same_mean(shop: Shop, weighted_mean: Callable[..., pd.Series]) -> None:
    from curio_tracking_parquet import to_pandas

    by_hand = weighted_mean(to_pandas(), "feature_name", "duration")
    assert by_hand.to_dict() == pytest.approx(stats_to_pandas().set_index("feature_name")["avg_duration"].to_dict())


def test_groups_may_be_others(shop: Shop) -> None:
    table = stats_to_arrow(("version", "status"), category="file_operation").select(
        ["version", "status", "total_calls"]
    )
    assert table.to_pylist() == [
        {"version": "1.0", "status": "success", "total_calls": 20},
        {"version": "1.1", "status": "failed", "total_calls": 1},
    ]


def test_one_group_may_be_named_as_text(shop: Shop) -> None:
    assert stats_to_arrow("version").column("version").to_pylist() == ["1.0", None, "1.1"]


def test_no_group_gives_one_row_of_everything(shop: Shop) -> None:
    assert stats_to_arrow(()).column("total_calls").to_pylist() == [24]


def test_unknown_group_is_refused(shop: Shop) -> None:
    with pytest.raises(QueryError, match='cannot group by "month"'):
        stats_to_arrow("month")


def test_limit_keeps_the_most_used(shop: Shop) -> None:
    assert stats_to_arrow(limit=1).column("feature_name").to_pylist() == ["import_csv"]


@pytest.mark.parametrize(
    ("question", "calls"),
    [({"status": "failed"}, 1), ({"user_id": "u2"}, 1), ({"since": "2026-05-28T22:00:00"}, 4)],
)
def test_only_matching_executions_are_counted(shop: Shop, question: dict[str, str], calls: int) -> None:
    assert stats_to_arrow((), **question).column("total_calls").to_pylist() == [calls]


def test_empty_store_gives_no_rows_and_all_columns(shop: Shop, tmp_path: object) -> None:
    empty = stats_to_arrow(data_dir=f"{tmp_path}/nothing")
    assert (empty.num_rows, empty.schema) == (0, stats_to_arrow().schema)


def test_pandas_types_are_counts_figures_and_moments(shop: Shop) -> None:
    types = {name: str(kind) for name, kind in stats_to_pandas().dtypes.items()}
    assert (types["feature_name"], types["total_calls"]) == ("string", "Int64")
    assert (types["p95_duration"], types["last_used"]) == ("float64", "datetime64[us, UTC]")


def test_polars_frame_is_the_same_table(shop: Shop) -> None:
    frame = stats_to_polars()
    assert frame.schema["last_used"] == pl.Datetime("us", "UTC")
    assert frame.to_dicts() == stats_to_arrow().to_pylist()
