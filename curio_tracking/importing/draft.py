"""Draft: the good records of a file, aside on the disk in the order of time, until it is clear that they all go in.

A temporary database of SQLite that has no name in any directory; what is in it has passed the filters. So a file of any
size is sorted, and an id that comes twice is found, in bounded memory. Uses the rows of `storage.tinyflux`.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from curio_tracking.errors import CurioError
from curio_tracking.storage.tinyflux.rows import format_row, parse_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curio_tracking.records import FeatureRecord

CACHE_KIB: Final = 32 * 1024
BATCH: Final = 1_000
_SCHEMA: Final = f"""
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{CACHE_KIB};
    CREATE TABLE draft (record_id BLOB PRIMARY KEY, start_us INTEGER, row BLOB);
"""


class DraftError(CurioError):
    """The good records could not be put aside: the disk of temporary files is full, most likely."""


class Drafted(NamedTuple):
    """A record in the draft: its start, its id, and the row that it is kept as."""

    start_us: int
    record_id: str
    row: bytes

    def record(self) -> FeatureRecord:
        """Return the record again."""
        record = parse_row(self.row)
        assert record is not None, "a row that was formatted is read again"
        return record


class Draft:
    """Records by id, to be read in the order of time.

    Attributes:
        count: how many different ones there are.
    """

    def __init__(self) -> None:
        # "": a temporary database, which spills to an unnamed file of this user when it outgrows the cache
        self._database = sqlite3.connect("", isolation_level=None)
        with _explained():
            self._database.executescript(_SCHEMA)
        self._waiting: list[tuple[bytes, int, bytes]] = []
        self._is_sorted = False
        self.count = 0

    def add(self, record: FeatureRecord) -> None:
        """Keep a record, unless its id is there; one without an id gets one that follows from its content."""
        row = format_row(record)
        if not record.record_id:
            record.record_id = _id_of(record.start_us, row)
            row = format_row(record)
        self._waiting.append((_key(record.record_id), record.start_us, row.removesuffix("\n").encode()))
        if len(self._waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Put what was added into the database.

        Raises:
            DraftError: there is no room.
        """
        with _explained():
            self._database.execute("BEGIN")
            before = self._database.total_changes
            self._database.executemany("INSERT OR IGNORE INTO draft VALUES (?, ?, ?)", self._waiting)
            self.count += self._database.total_changes - before
            self._database.execute("COMMIT")
        self._waiting.clear()

    def pages(self, size: int) -> Iterator[list[Drafted]]:
        """Yield the records in the order of time, `size` at a time; those of pages that were passed may be dropped.

        Raises:
            DraftError: there is no room to sort them.
        """
        self.flush()
        with _explained():
            if not self._is_sorted:
                self._database.execute("CREATE INDEX by_start ON draft (start_us, record_id)")
                self._is_sorted = True
            after = (-1, b"")
            while page := self._page_after(after, size):
                after = (page[-1].start_us, _key(page[-1].record_id))
                yield page

    def _page_after(self, after: tuple[int, bytes], size: int) -> list[Drafted]:
        found = self._database.execute(
            "SELECT start_us, record_id, row FROM draft WHERE (start_us, record_id) > (?, ?) "
            "ORDER BY start_us, record_id LIMIT ?",
            (*after, size),
        )
        return [Drafted(start_us, _id(key), row) for start_us, key, row in found]

    def drop(self, record_ids: Iterable[str]) -> None:
        """Take records out."""
        with _explained():
            self._database.executemany(
                "DELETE FROM draft WHERE record_id = ?", [(_key(record_id),) for record_id in record_ids]
            )

    def close(self) -> None:
        """Remove the draft."""
        self._database.close()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DraftError(
            f"cannot keep the records aside: {error}; nothing was imported. "
            f"Free the disk of temporary files, or name a directory on another one in SQLITE_TMPDIR"
        ) from error


def _id_of(start_us: int, row: str) -> str:
    """Return an id that sorts by time; two rows that are stored the same are the same record."""
    # of the row as it is stored: a hash of plain ids could be tried out, one of pseudonyms tells nothing
    return f"{start_us * 1000:016x}{sha256(row.encode()).hexdigest()[:24]}"


def _key(record_id: str) -> bytes:
    return record_id.encode("utf-8", "surrogatepass")


def _id(key: bytes) -> str:
    return key.decode("utf-8", "surrogatepass")
