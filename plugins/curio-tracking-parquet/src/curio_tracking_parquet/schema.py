"""The Arrow schema of a table of records, with what a reader of the file alone must know.

Made of `layout`. The key-value metadata holds the versions, the meaning of every column, and the types that
`pandas.read_parquet` shall take: without them a column of integers with gaps would come back as floats.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pyarrow as pa

import curio_tracking
from curio_tracking_parquet.layout import COLUMNS, Kind

FORMAT_VERSION: Final = 1
"""Counts up when a column changes its type or its meaning; a new column is no change."""
CHOICE: Final = pa.dictionary(pa.int32(), pa.string())
MOMENT: Final = pa.timestamp("us", "UTC")
TYPES: Final[dict[Kind, pa.DataType]] = {
    Kind.TEXT: pa.string(),
    Kind.CHOICE: CHOICE,
    Kind.MOMENT: MOMENT,
    Kind.WHOLE: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.JSON: pa.string(),
}


def with_pandas_types(schema: pa.Schema) -> pa.Schema:
    """Return the schema with the remark by which Arrow gives pandas nullable types: `Int64` and `string`.

    The form of the remark is that of https://pandas.pydata.org/docs/development/developer.html.
    """
    remark = {
        "index_columns": [],
        "column_indexes": [],
        "columns": [_pandas_column(field) for field in schema],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": None,
    }
    return schema.with_metadata({**(schema.metadata or {}), "pandas": json.dumps(remark)})


def _pandas_column(field: pa.Field) -> dict[str, Any]:
    # (the logical type, the dtype); a dictionary and a moment need no remark to come back right
    pandas_type, numpy_type = "unicode", "string"
    if pa.types.is_dictionary(field.type):
        pandas_type, numpy_type = "categorical", "int32"
    elif pa.types.is_timestamp(field.type):
        pandas_type, numpy_type = "datetimetz", "datetime64[us]"
    elif pa.types.is_integer(field.type):
        pandas_type, numpy_type = "int64", "Int64"
    elif pa.types.is_floating(field.type):
        pandas_type = numpy_type = "float64"
    return {
        "name": field.name,
        "field_name": field.name,
        "pandas_type": pandas_type,
        "numpy_type": numpy_type,
        "metadata": {"timezone": "UTC"} if pandas_type == "datetimetz" else None,
    }


def _record_schema() -> pa.Schema:
    vocabulary = {column.name: {"type": column.kind.value, "meaning": column.meaning} for column in COLUMNS}
    fields = [pa.field(column.name, TYPES[column.kind], nullable=column.is_nullable) for column in COLUMNS]
    about = {
        "curio_tracking.version": curio_tracking.__version__,
        "curio_tracking.record_format": str(FORMAT_VERSION),
        "curio_tracking.record": json.dumps(vocabulary),
    }
    return with_pandas_types(pa.schema(fields, metadata=about))


RECORD_SCHEMA: Final[pa.Schema] = _record_schema()
"""One row is one record; the columns are those of `layout.COLUMNS`."""
