"""Formats: which one a file has, and who reads it. Imports the readers."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, TypeAlias

from curio_tracking.importing import csv_rows, json_rows, tinyflux_rows
from curio_tracking.importing.sources import InputFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from curio_tracking.importing.rows import Row
    from curio_tracking.importing.sources import Line, Source

RowReader: TypeAlias = "Callable[[Iterator[Line]], Iterator[Row]]"
READERS: Final[dict[str, RowReader]] = {
    "jsonl": json_rows.read,
    "csv": csv_rows.read,
    "tinyflux": tinyflux_rows.read,
}
_SUFFIXES: Final = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_TIME_FIRST: Final = re.compile(rb'"?\d{4}-\d{2}-\d{2}T\d{2}:\d{2}')


def rows_of(source: Source, format_name: str | None) -> Iterator[Row]:
    """Yield a row per record of a file, in its order.

    Args:
        source: the open file.
        format_name: a key of `READERS`, or None to tell by the first line, else by the name.

    Raises:
        InputFileError: there is no telling. StorageError: a CSV file has no header. DamagedFileError: see `Source`.
    """
    lines = source.lines()
    first = next(lines, None)
    if first is None:
        return iter(())
    name = format_name or _format_of(first.data) or _format_by_name(source.name)
    return READERS[name](chain((first,), lines))


def _format_of(first: bytes) -> str | None:
    if first.lstrip().startswith(b"{"):
        return "jsonl"
    if _TIME_FIRST.match(first):
        return "tinyflux"
    return "csv" if b"feature_name" in first and b"start_time" in first else None


def _format_by_name(name: str) -> str:
    path = PurePath(name.removesuffix(".gz"))
    try:
        return _SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise InputFileError(
            f"{name} does not look like records: its first line is no JSON object, no header and no TinyFlux row; "
            f"name its format with --format {'|'.join(READERS)} if it has one of them"
        ) from None
