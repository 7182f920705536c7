"""Listing: the records of a query, newest first, a page at a time.

Between two pages nothing is open: a slow consumer keeps no transaction alive, which would let the write-ahead log grow.
Each page begins where the last one ended, so records that come or go meanwhile shift nothing.
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.records import RECORD_FIELDS
from curio_tracking_sqlite.questions import conditions, index_for, parts_of
from curio_tracking_sqlite.rows import COLUMNS, record_of
from curio_tracking_sqlite.texts import original_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from curio_tracking.queries import RecordQuery
    from curio_tracking.records import FeatureRecord
    from curio_tracking_sqlite.database import Database

PAGE: Final = 1000
_ID: Final = RECORD_FIELDS.index("record_id")
_START: Final = RECORD_FIELDS.index("start_us")
# the bytes of UTF-8 are in the order of the characters, also where a text is stored as bytes
_ORDER: Final = "ORDER BY start_us DESC, CAST(record_id AS BLOB) DESC"
_AFTER: Final = "start_us <= ? AND (start_us < ? OR CAST(record_id AS BLOB) < ?)"


def newest_first(database: Database, query: RecordQuery, unusable: Callable[[int], None]) -> Iterator[FeatureRecord]:
    """Yield the records of a query, newest first by `(start_us, record_id)`, at most `query.limit`.

    Args:
        unusable: told how many rows of a page are no records.

    Raises:
        StorageError: the file cannot be read.
    """
    sources = [_pages(database, part, unusable) for part in parts_of(query)]
    found = sources[0] if len(sources) == 1 else merge(*sources, key=_position, reverse=True)
    return islice(found, query.limit or None)


def _position(record: FeatureRecord) -> tuple[int, str]:
    return record.start_us, record.record_id


def _pages(database: Database, part: RecordQuery, unusable: Callable[[int], None]) -> Iterator[FeatureRecord]:
    size = min(part.limit or PAGE, PAGE)
    after: tuple[Any, ...] | None = None
    while True:
        statement, values = page_statement(part, after)
        with database.reading() as connection:
            rows = [] if connection is None else connection.execute(statement, (*values, size)).fetchall()
        records = [record for row in rows if (record := record_of(row)) is not None]
        if len(records) < len(rows):
            unusable(len(rows) - len(records))
        yield from records
        if len(rows) < size:
            return
        # of the row, not of the record: the last one may be no record
        after = _place_of(rows[-1])


def _place_of(row: tuple[Any, ...]) -> tuple[Any, ...]:
    record_id, start_us = row[_ID], row[_START]
    return start_us, start_us, original_text(record_id).encode("utf-8", "surrogatepass")


def page_statement(query: RecordQuery, after: tuple[Any, ...] | None = None) -> tuple[str, list[Any]]:
    """Return the statement of one page and its values, but for the last: how many rows.

    Args:
        query: out of `parts_of`.
        after: the place of the last row of the page before.
    """
    where = conditions(query)
    if after is not None:
        where.add(_AFTER, *after)
    return (
        f"SELECT {COLUMNS} FROM records INDEXED BY {index_for(query)} WHERE {where.text} {_ORDER} LIMIT ?",
        where.values,
    )
