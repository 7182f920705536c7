"""Upkeep: counts finished days, removes records that are too old, and gives freed space back to the file system.

All of it in small pieces, each a transaction of its own that leaves the store whole: in a quiet moment of a writer one
piece is done, when somebody asks all of them.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.maintenance import MaintenanceReport
from curio_tracking_sqlite import schema
from curio_tracking_sqlite.counting import count_portion, uncounted_days
from curio_tracking_sqlite.days import DAY_US, LAST_US, Day, counted_days
from curio_tracking_sqlite.deletion import remove
from curio_tracking_sqlite.place import size_on_disk

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from curio_tracking_sqlite.database import Database

    Piece = tuple[str, Callable[[], None]]

_log: Final = logging.getLogger("curio_tracking")
ROUND_SECONDS: Final = 300.0
"""How long after a round of quiet moments the next one begins."""
LATEST_SECONDS: Final = 900
"""How long after midnight UTC a day is finished: records of long calls and of retries come late."""
_ROWS: Final = 5_000
_PAGES: Final = 2_000
"""Records that go, and pages that are given back, in one transaction."""


class Upkeep:
    """The upkeep of one database by one process."""

    def __init__(self, database: Database, retention_days: int) -> None:
        """Args: the database; after how many days records go, 0 for never. Their totals stay."""
        self._database = database
        self._retention_days = retention_days
        self._opened_us, self._opened_gone_ns = _now_us(), gone_by_ns()
        self._pieces: Iterator[Piece] | None = None
        self._next_round = 0.0

    def rest(self, is_wanted: Callable[[], bool]) -> None:
        """Do one piece of work if one is due. What fails is tried again in the next round."""
        if time.monotonic() < self._next_round or is_wanted():
            return
        try:
            if self._pieces is None:
                self._pieces = self._due(_finished_until())
            _what, work = next(self._pieces, ("", None))
            if work is not None:
                work()
                return
        except StorageError as error:
            _log.debug("no upkeep for now: %s", error)
        self._pieces = None
        self._next_round = time.monotonic() + ROUND_SECONDS

    def whole_round(self, progress: Callable[[str, int, int], None]) -> MaintenanceReport:
        """Do everything that is due, the days that are not finished included.

        Args:
            progress: told what is being done, and how many bytes of how many are done.

        Raises:
            StorageError: the file cannot be read or written.
        """
        path = self._database.path
        report = MaintenanceReport(bytes_before=size_on_disk(path))
        for what, work in self._due(LAST_US):
            progress(what, 0, 0)
            work()
            report.done += 1
        report.failed = self._take_over_log()
        report.bytes_after = size_on_disk(path)
        return report

    def _due(self, until_us: int) -> Iterator[Piece]:
        yield from self._counting(until_us)
        yield from self._retiring()
        yield from self._shrinking()

    def _counting(self, until_us: int) -> Iterator[Piece]:
        with self._database.reading() as connection:
            numbers = [] if connection is None else uncounted_days(connection, until_us)
        for number in numbers:
            is_complete = False

            def work() -> None:
                nonlocal is_complete
                is_complete = count_portion(self._database, number)  # noqa: B023 - done before the next one is taken

            while not is_complete:
                yield "counting", work

    def _retiring(self) -> Iterator[Piece]:
        if not self._retention_days:
            return
        # nobody brings back what goes: a clock that is set ahead while the process runs makes nothing older
        by_what_went_by_us = self._opened_us + (gone_by_ns() - self._opened_gone_ns) // 1000
        before = min(_now_us(), by_what_went_by_us) // DAY_US - self._retention_days
        with self._database.reading() as connection:
            days = [] if connection is None else counted_days(connection)
        for day in days:
            if day.number >= before or not day.is_complete or not day.is_readable:
                continue
            while self._has_counted_records(day):
                yield "removing old records", lambda: self._retire_some(day)  # noqa: B023

    def _has_counted_records(self, day: Day) -> bool:
        with self._database.reading() as connection:
            return connection is not None and bool(connection.execute(*_counted_of(day, 1)).fetchall())

    def _retire_some(self, day: Day) -> None:
        with self._database.writing(is_needed=False) as connection:
            # first, and with the first records: from here on its totals are all that counts
            if connection is None or not _mark_retired(connection, day):
                return
            remove(connection, [row[0] for row in connection.execute(*_counted_of(day, _ROWS))])

    def _shrinking(self) -> Iterator[Piece]:
        while (free := self._free_pages()) > 0:
            yield "giving back space", self._shrink
            if self._free_pages() >= free:
                return

    def _free_pages(self) -> int:
        with self._database.reading() as connection:
            if connection is None:
                return 0
            (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
            return int(pages)

    def _shrink(self) -> None:
        with self._database.outside() as connection:
            if connection is not None:
                # all rows: each one that is fetched gives back one page
                connection.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()

    def _take_over_log(self) -> list[str] | None:
        """Bring the write-ahead log into the database, so that the file shrinks; return what kept it from that."""
        with self._database.outside() as connection:
            if connection is None:
                return None
            (is_busy, *_pages) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return ["the write-ahead log: other processes read it; maintain again later"] if is_busy else None


def _mark_retired(connection: sqlite3.Connection, day: Day) -> bool:
    """Let the totals of a day stand for its records; False if it is no longer as it was counted."""
    found = connection.execute(
        "UPDATE days SET is_retired = 1 WHERE day = ? AND through_id = ? AND is_complete", (day.number, day.through_id)
    )
    return found.rowcount == 1


def _counted_of(day: Day, most: int) -> tuple[str, tuple[int, ...]]:
    return (
        f"SELECT id FROM records INDEXED BY {schema.BY_TIME} WHERE start_us >= ? AND start_us < ? AND id <= ? LIMIT ?",
        (day.since_us, day.until_us, day.through_id, most),
    )


def gone_by_ns() -> int:
    """Return nanoseconds of a clock that nobody sets; on Linux it goes on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)


def _now_us() -> int:
    return time.time_ns() // 1000


def _finished_until() -> int:
    return (_now_us() - LATEST_SECONDS * 1_000_000) // DAY_US * DAY_US
