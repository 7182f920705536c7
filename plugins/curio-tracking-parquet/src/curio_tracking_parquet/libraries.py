"""pandas and polars: extras of this distribution, imported when a frame of theirs is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from curio_tracking_parquet.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


def require(library: str) -> Any:
    """Return the imported library.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library:  # installed, but something that it needs is not: its own message says more
            raise
        raise MissingExtraError(
            f"{library} is not installed; install it with: pip install 'curio-tracking-parquet[{library}]'"
        ) from None


def pandas_frame(table: pa.Table) -> pd.DataFrame:
    """Return the table as a pandas frame: `Int64`, `string`, `float64`, `category`, `datetime64[us, UTC]`."""
    require("pandas")
    frame: pd.DataFrame = table.to_pandas()
    return frame


def polars_frame(table: pa.Table) -> pl.DataFrame:
    """Return the table as a polars frame: `Int64`, `String`, `Float64`, `Categorical`, `Datetime("us", "UTC")`."""
    frame: pl.DataFrame = require("polars").from_arrow(table)
    return frame
