"""pandas and polars: extras of this distribution, imported when a frame of theirs is asked for."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from curio_tracking_parquet.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import polars as pl
    import pyarrow as pa

_P = ParamSpec("_P")
_F = TypeVar("_F")


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


def as_pandas(tables: Callable[_P, pa.Table], doc: str) -> Callable[_P, pd.DataFrame]:
    """Return the function that takes what `tables` takes and returns a pandas frame, documented by `doc`.

    Its columns are `Int64`, `string`, `float64`, `category`, `datetime64[us, UTC]`.
    """

    def frame(*args: _P.args, **kwargs: _P.kwargs) -> pd.DataFrame:
        require("pandas")  # before a large store is read for nothing
        made: pd.DataFrame = tables(*args, **kwargs).to_pandas()
        return made

    return _presented(frame, tables, "pandas", doc)


def as_polars(tables: Callable[_P, pa.Table], doc: str) -> Callable[_P, pl.DataFrame]:
    """Return the function that takes what `tables` takes and returns a polars frame, documented by `doc`.

    Its columns are `Int64`, `String`, `Float64`, `Categorical`, `Datetime("us", "UTC")`.
    """

    def frame(*args: _P.args, **kwargs: _P.kwargs) -> pl.DataFrame:
        polars = require("polars")  # before a large store is read for nothing
        made: pl.DataFrame = polars.from_arrow(tables(*args, **kwargs))
        return made

    return _presented(frame, tables, "polars", doc)


def _presented(frame: Callable[_P, _F], tables: Callable[..., Any], library: str, doc: str) -> Callable[_P, _F]:
    """Give a frame's function the name, the signature and the text that `help` and editors show."""
    returned = {"pandas": "pd.DataFrame", "polars": "pl.DataFrame"}[library]
    frame.__module__ = tables.__module__
    frame.__name__ = frame.__qualname__ = tables.__name__.replace("arrow", library)
    frame.__doc__ = doc
    frame.__signature__ = signature(tables).replace(return_annotation=returned)  # type: ignore[attr-defined]
    return frame
