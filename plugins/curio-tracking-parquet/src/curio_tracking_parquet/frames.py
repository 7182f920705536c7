"""The records of a store as tables and data frames; the arguments are those of `feature_tracker.records`.

Records go into Arrow as they are read, never into one list of Python objects. pandas and polars are extras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from curio_tracking_parquet.batches import batches
from curio_tracking_parquet.libraries import as_pandas, as_polars
from curio_tracking_parquet.schema import RECORD_SCHEMA
from curio_tracking_parquet.store import open_store, time_text

if TYPE_CHECKING:
    from datetime import date
    from os import PathLike

    from curio_tracking import FeatureCategory, FeatureStatus, FeatureTracker


def to_arrow(
    feature_name: str | None = None,
    category: FeatureCategory | str | None = None,
    status: FeatureStatus | str | None = None,
    user_id: str | None = None,
    since: str | date | None = None,
    until: str | date | None = None,
    limit: int = 0,
    *,
    tracker: FeatureTracker | None = None,
    data_dir: str | PathLike[str] | None = None,
    backend: str | None = None,
) -> pa.Table:
    """Return records, newest first, as an Arrow table of `RECORD_SCHEMA`.

    Args:
        feature_name, category, status: equal to; None for any.
        user_id: the plain id, as the application knows it.
        since, until: `7d`, `12h`, `2026-11-01`, ISO 8601, a date or a datetime (without a zone: UTC).
        limit: the newest so many; 0 for all.
        tracker: whose store; None for `feature_tracker`'s, this process's own calls included.
        data_dir, backend: another store, named as in the settings, instead of a tracker.

    Raises:
        QueryError, UnknownNameError: a time, category, status or backend cannot be understood.
        StorageError: the store cannot be read. TypeError: both a tracker and another store were given.
    """
    with open_store(tracker, data_dir, backend) as reader:
        where = reader.where(
            feature_name=feature_name,
            category=category,
            status=status,
            user_id=user_id,
            since=time_text(since),
            until=time_text(until),
            limit=limit,
        )
        table = pa.Table.from_batches(batches(reader.records(where)), schema=RECORD_SCHEMA)
    return table.unify_dictionaries()


to_pandas = as_pandas(
    to_arrow,
    """Return records, newest first, as a pandas frame.

    Args: as `to_arrow`.

    Returns:
        Whole numbers are `Int64` and texts `string` (nothing is `pd.NA`), other numbers `float64` (nothing is NaN),
        category and status `category`, the start `datetime64[us, UTC]`.

    Raises:
        MissingExtraError: pandas is not installed. Others: as `to_arrow`.
    """,
)
to_polars = as_polars(
    to_arrow,
    """Return records, newest first, as a polars frame.

    Args: as `to_arrow`.

    Returns:
        Whole numbers are `Int64`, other numbers `Float64`, texts `String`, category and status `Categorical`, the start
        `Datetime("us", "UTC")`.

    Raises:
        MissingExtraError: polars is not installed. Others: as `to_arrow`.
    """,
)
