"""CSV, as `export --format csv` writes it or a spreadsheet saves it again; `storage.tables` knows the cells."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from curio_tracking.errors import StorageError
from curio_tracking.importing.rows import Row
from curio_tracking.importing.sources import RowError
from curio_tracking.importing.text_feed import TextFeed
from curio_tracking.importing.validation import NOT_A_STATUS, NOT_A_TIME, REQUIRED, checked
from curio_tracking.storage.tables import RecordTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.importing.sources import Line
    from curio_tracking.records import FeatureRecord


def read(lines: Iterator[Line]) -> Iterator[Row]:
    """Yield a row per row after the header; columns that no record has are ignored.

    Raises:
        StorageError: the first line is no header of records.
    """
    feed = TextFeed(lines)
    reader = csv.reader(feed, strict=True)
    table = RecordTable(_header(reader))
    while True:
        before = feed.number
        try:
            cells = next(reader)
            feed.check()
            if cells:
                yield Row(feed.number, _record(table, cells))
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(feed.number, None, f"no CSV ({error}; the row begins in line {before + 1})")
        except RowError as error:
            yield Row(feed.number, None, str(error))


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error:
        names = []
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise StorageError(
            f"this is no table of records: the first line has no column {', '.join(missing)}; "
            f"give a file that was exported as csv, or name its format with --format"
        )
    return names


def _record(table: RecordTable, cells: list[str]) -> FeatureRecord:
    try:
        return checked(table.record(cells))
    except RowError:
        raise
    except (ValueError, TypeError, OverflowError) as error:
        raise RowError(_reason(str(error))) from None


def _reason(message: str) -> str:
    """Return what is wrong without the cell, which the message quotes: it may hold a secret."""
    if "isoformat" in message:
        return NOT_A_TIME
    return NOT_A_STATUS if "FeatureStatus" in message else message.partition(': "')[0]
