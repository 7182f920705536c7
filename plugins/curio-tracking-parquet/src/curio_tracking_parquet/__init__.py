"""Records of Curio Tracking as Parquet files and data frames.

The public names are resolved when they are first used (PEP 562): the command line imports this package at every start
to learn of the format, and must not pay for pyarrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curio_tracking_parquet.errors import MissingExtraError, UnwritableRecordError
    from curio_tracking_parquet.frames import to_arrow, to_pandas, to_polars
    from curio_tracking_parquet.schema import RECORD_SCHEMA
    from curio_tracking_parquet.statistics import stats_to_arrow, stats_to_pandas, stats_to_polars
    from curio_tracking_parquet.texts import original_text
    from curio_tracking_parquet.writing import write_parquet

__version__ = "0.1.0"

__all__ = [
    "RECORD_SCHEMA",
    "MissingExtraError",
    "UnwritableRecordError",
    "__version__",
    "original_text",
    "stats_to_arrow",
    "stats_to_pandas",
    "stats_to_polars",
    "to_arrow",
    "to_pandas",
    "to_polars",
    "write_parquet",
]

_HOMES = {
    "MissingExtraError": "errors",
    "RECORD_SCHEMA": "schema",
    "UnwritableRecordError": "errors",
    "original_text": "texts",
    "stats_to_arrow": "statistics",
    "stats_to_pandas": "statistics",
    "stats_to_polars": "statistics",
    "to_arrow": "frames",
    "to_pandas": "frames",
    "to_polars": "frames",
    "write_parquet": "writing",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # late: part of resolving late

    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
