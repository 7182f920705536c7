"""The statistics of a store as tables and data frames: the rows of `curio-tracking list-features`, or of another group.

They come from the store's own totals, so they cost little in a large store, cover days whose records are gone already
(RETENTION_DAYS), and weigh every record by its `sample_weight`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from curio_tracking.queries import SummaryQuery
from curio_tracking.summaries import STATISTICS
from curio_tracking_parquet.libraries import as_pandas, as_polars
from curio_tracking_parquet.schema import MOMENT, with_pandas_types
from curio_tracking_parquet.store import open_store, time_text
from curio_tracking_parquet.texts import storable_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from os import PathLike

    from curio_tracking import FeatureCategory, FeatureStatus, FeatureTracker
    from curio_tracking.summaries import Summary

FEATURES: Final = ("feature_name", "category")
FIGURES: Final = tuple(name for name in STATISTICS if name not in FEATURES)
_COUNTS: Final = frozenset(name for name in FIGURES if name.endswith("_count")) | {
    "total_calls",
    "total_iterations",
    "unique_users",
}
_MOMENTS: Final = frozenset({"first_used", "last_used"})
_MOST: Final = 2**63 - 1


def stats_to_arrow(
    group_by: Sequence[str] = FEATURES,
    *,
    category: FeatureCategory | str | None = None,
    status: FeatureStatus | str | None = None,
    user_id: str | None = None,
    since: str | date | None = None,
    until: str | date | None = None,
    limit: int = 0,
    tracker: FeatureTracker | None = None,
    data_dir: str | PathLike[str] | None = None,
    backend: str | None = None,
) -> pa.Table:
    """Return one row of statistics per group, most calls first, as an Arrow table.

    Args:
        group_by: names out of feature_name, category, status, app, version, environment, user_id.
        limit: the groups with most calls, so many; 0 for all.
        category, status, user_id, since, until, tracker, data_dir, backend: as `to_arrow`; only matching executions
            are counted.

    Returns:
        The columns of `group_by`, then the statistics under their public names. Durations are seconds, `success_rate`
        is percent, `first_used` and `last_used` are timestamps.

    Raises:
        QueryError: there is no such group. Others: as `to_arrow`.
    """
    names = (group_by,) if isinstance(group_by, str) else tuple(group_by)
    with open_store(tracker, data_dir, backend) as reader:
        where = reader.where(
            category=category, status=status, user_id=user_id, since=time_text(since), until=time_text(until)
        )
        found = list(reader.backend.summaries(SummaryQuery(where, names)))
    found.sort(key=lambda summary: (-summary.weight, *(summary.group.get(name) or "" for name in names)))
    return _table(found[:limit] if limit else found, names)


def _table(summaries: Sequence[Summary], names: tuple[str, ...]) -> pa.Table:
    rows = [summary.as_dict() for summary in summaries]
    schema = pa.schema([*((name, pa.string()) for name in names), *((name, _type(name)) for name in FIGURES)])
    columns = [pa.array([_value(field, row.get(field.name)) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=with_pandas_types(schema))


def _type(name: str) -> pa.DataType:
    if name in _COUNTS:
        return pa.int64()
    return MOMENT if name in _MOMENTS else pa.float64()


def _value(field: pa.Field, value: Any) -> Any:
    if value is None:
        return None
    if field.name in _MOMENTS:
        return datetime.fromisoformat(value)
    if field.name in _COUNTS:
        return min(value, _MOST)
    return storable_text(value) if field.type == pa.string() else float(value)


stats_to_pandas = as_pandas(
    stats_to_arrow,
    """Return one row of statistics per group, most calls first, as a pandas frame.

    Args: as `stats_to_arrow`.

    Raises:
        MissingExtraError: pandas is not installed. Others: as `stats_to_arrow`.
    """,
)
stats_to_polars = as_polars(
    stats_to_arrow,
    """Return one row of statistics per group, most calls first, as a polars frame.

    Args: as `stats_to_arrow`.

    Raises:
        MissingExtraError: polars is not installed. Others: as `stats_to_arrow`.
    """,
)
