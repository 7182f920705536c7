"""The backend: what the tracker and the surfaces ask for, as transactions on one database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.interfaces import BaseBackend, declared_matching
from curio_tracking.records import FeatureInfo, from_microseconds
from curio_tracking.summaries import with_declared
from curio_tracking_sqlite.database import Database
from curio_tracking_sqlite.days import counted_days, note_late, plan_of
from curio_tracking_sqlite.deletion import delete
from curio_tracking_sqlite.inspection import inspect
from curio_tracking_sqlite.listing import newest_first
from curio_tracking_sqlite.rows import INSERT, rows_of
from curio_tracking_sqlite.staging import append_staged
from curio_tracking_sqlite.texts import original_text, stored_text
from curio_tracking_sqlite.totals import Totals, can_use_totals
from curio_tracking_sqlite.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from curio_tracking.maintenance import Finding, MaintenanceReport
    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking.records import FeatureRecord
    from curio_tracking.summaries import Summary

_APPEND = INSERT.format(table="records", conflict="ON CONFLICT (record_id) DO NOTHING")


class SqliteBackend(BaseBackend):
    """Keeps records in one SQLite file.

    Attributes:
        path: the file.
        quarantined: rows met so far that another program has made unusable; they are passed over and stay.
    """

    def __init__(
        self, path: Path, *, busy_seconds: float = 5.0, is_durable: bool = False, retention_days: int = 0
    ) -> None:
        """Prepare it; nothing is opened.

        Args:
            path: the file; it comes with the first record.
            busy_seconds: the longest wait for other processes that lock the file.
            is_durable: whether an acknowledged batch must survive a loss of power.
            retention_days: after how many days upkeep removes records; 0 for never. Their totals stay.
        """
        self._database = Database(path, busy_seconds=busy_seconds, is_durable=is_durable)
        self._totals = Totals()
        self._upkeep = Upkeep(self._database, retention_days)
        self.path = self._database.path
        self.quarantined = 0
        self.on_progress: Callable[[int, int], None] | None = None

    # -- writing ----------------------------------------------------------------------------------------------------

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """See `StorageBackend.append`.

        Raises:
            StorageError: nothing was kept; it may work later. ValueError: a record holds what is no number.
        """
        rows = rows_of(records)
        if not rows:
            return
        with self._database.writing() as connection:
            assert connection is not None
            connection.executemany(_APPEND, rows)
            note_late(connection, (record.start_us for record in records))

    def append_all(self, batches: Iterable[Sequence[FeatureRecord]]) -> int:
        """See `BulkBackend.append_all`.

        Raises:
            StorageError: nothing was kept.
        """
        return append_staged(self._database, batches)

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """See `StorageBackend.declare`. Waits for nobody when all of them are known.

        Raises:
            StorageError: they could not be kept.
        """
        known = set(self.declared())
        new = [info for info in dict.fromkeys(features) if info not in known]
        if not new:
            return
        with self._database.writing() as connection:
            assert connection is not None
            connection.executemany(
                "INSERT INTO features VALUES (?, ?, ?) "
                "ON CONFLICT (feature_name, category) DO UPDATE SET location = excluded.location",
                [tuple(map(stored_text, (info.feature_name, info.category, info.location))) for info in new],
            )

    def delete(self, query: RecordQuery) -> int:
        """See `StorageBackend.delete`. Works while other processes write.

        Raises:
            StorageError: nothing was deleted.
        """
        return delete(self._database, query)

    def close(self) -> None:
        """See `StorageBackend.close`."""
        self._database.close()

    # -- upkeep -----------------------------------------------------------------------------------------------------

    def rest(self, is_wanted: Callable[[], bool]) -> None:
        """See `SelfMaintaining.rest`."""
        if self._database.is_open:
            self._upkeep.rest(is_wanted)

    def maintain(self, progress: Callable[[str, int, int], None]) -> MaintenanceReport:
        """See `SelfMaintaining.maintain`."""
        return self._upkeep.whole_round(progress)

    def inspect(self) -> list[Finding]:
        """See `SelfMaintaining.inspect`."""
        return inspect(self._database)

    # -- reading ----------------------------------------------------------------------------------------------------

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """See `StorageBackend.records`. One page at a time is in memory.

        Raises:
            StorageError: the file cannot be read.
        """
        return newest_first(self._database, query, self._note_unusable)

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        """See `StorageBackend.summaries`. Reads records only of days that are not counted yet, and for single users.

        Raises:
            StorageError: the file cannot be read.
        """
        with self._database.reading() as connection:
            found = {} if connection is None else self._totals.groups(connection, query)
        yield from with_declared(found, declared_matching(self.declared(), query.where), query.group_by)

    def remarks(self, query: SummaryQuery) -> list[str]:
        """See `Explaining.remarks`."""
        with self._database.reading() as connection:
            days = [] if connection is None else counted_days(connection)
        retired = [day for day in days if day.is_retired]
        if not retired:
            return []
        if not can_use_totals(query):
            last = _date(retired[-1].since_us)
            return [f"records up to {last} are gone (RETENTION_DAYS): of these days only totals are known"]
        since_us, until_us = query.where.since_us, query.where.until_us
        cut = [
            _date(day.since_us)
            for day in plan_of(query.where, retired).days
            if not ((since_us is None or since_us <= day.since_us) and (until_us is None or day.until_us <= until_us))
        ]
        return (
            [f"the records of {' and '.join(cut)} are gone (RETENTION_DAYS): the whole day is counted"] if cut else []
        )

    def declared(self) -> Iterable[FeatureInfo]:
        """Return the declared features."""
        with self._database.reading() as connection:
            rows = [] if connection is None else connection.execute("SELECT * FROM features").fetchall()
        return [
            FeatureInfo(original_text(name), original_text(category), None if at is None else original_text(at))
            for name, category, at in rows
        ]

    def _note_unusable(self, count: int) -> None:
        self.quarantined += count


def _date(start_us: int) -> str:
    return from_microseconds(start_us).date().isoformat()
