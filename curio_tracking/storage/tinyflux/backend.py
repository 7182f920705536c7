"""The `tinyflux` backend: TinyFlux's file format with a write and read path of its own.

Stock TinyFlux is not safe for two processes, rewrites files in place and reads everything to open; so it is used for
what it is good at, a format and a query language over one sealed segment (`stock`), and never for writing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.interfaces import BaseBackend, declared_matching
from curio_tracking.records import to_microseconds
from curio_tracking.storage.declarations import Declarations
from curio_tracking.storage.limits import MAX_FIELD_CHARACTERS
from curio_tracking.storage.tinyflux.reading.listing import newest_first
from curio_tracking.storage.tinyflux.reading.question import Question
from curio_tracking.storage.tinyflux.reading.remarks import remarks
from curio_tracking.storage.tinyflux.reading.snapshot import Store
from curio_tracking.storage.tinyflux.reading.totals import Totals
from curio_tracking.storage.tinyflux.rollups.cells import DAY_US
from curio_tracking.storage.tinyflux.rows import format_row, parse_row
from curio_tracking.storage.tinyflux.staging import append_staged
from curio_tracking.storage.tinyflux.upkeep.deletion import delete_records
from curio_tracking.storage.tinyflux.upkeep.inspection import inspect
from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine
from curio_tracking.storage.tinyflux.upkeep.quiet import QuietUpkeep
from curio_tracking.storage.tinyflux.writer import Rows, SegmentWriter
from curio_tracking.summaries import Summary, fold, with_declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from tinyflux import Point

    from curio_tracking.maintenance import Finding, MaintenanceReport
    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking.records import FeatureInfo, FeatureRecord
    from curio_tracking.storage.tinyflux.search import Query

DAY_LENGTH: Final = len("2026-11-22")
_FIRST_US: Final = to_microseconds(datetime.min.replace(tzinfo=UTC))
_LAST_US: Final = to_microseconds(datetime.max.replace(tzinfo=UTC))


class TinyFluxBackend(BaseBackend):
    """Keeps records in one segment per writing process and day."""

    def __init__(self, data_dir: Path, *, durable: bool = False, retention_days: int = 0) -> None:
        """Prepare it; nothing is opened.

        Args:
            data_dir: the data directory.
            durable: whether an acknowledged batch must survive a loss of power.
            retention_days: after how many days upkeep removes records; 0 for never. Totals stay.
        """
        self._data_dir = data_dir
        self._store = Store(data_dir)
        self._totals = Totals(self._store)
        self._upkeep = QuietUpkeep(data_dir, retention_days)
        self.on_progress: Callable[[int, int], None] | None = None
        self._writer = SegmentWriter(data_dir, durable=durable)
        self._declarations = Declarations(data_dir, data_dir=data_dir, durable=durable)

    @property
    def quarantined(self) -> int:
        """How many different rows were met that are no records; they are passed over and stay where they are."""
        try:
            kept = Quarantine(self._data_dir).hashes()
        except StorageError:
            kept = set()  # the host asks for this in `health`, where nothing may raise
        return len(self._store.bad_rows() | kept)

    # -- writing ----------------------------------------------------------------------------------------------------

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """See `StorageBackend.append`.

        Raises:
            StorageError: nothing was kept; it may work later. ValueError: a record holds what is no number.
        """
        if records:
            self._writer.write(_by_day(_rows_of(records), records))

    def append_all(self, batches: Iterable[Sequence[FeatureRecord]]) -> int:
        """See `BulkBackend.append_all`."""
        return append_staged(self._data_dir, batches)

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """See `StorageBackend.declare`."""
        self._declarations.add(features)

    def delete(self, query: RecordQuery) -> int:
        """See `StorageBackend.delete`.

        Raises:
            StorageError: matching records are in a segment that another process did not hand over; all others are gone.
        """
        self._writer.seal()
        result = delete_records(self._data_dir, query)
        if result.left:
            places = ", ".join(f"{count} in the segment of {owner}" for owner, count in result.left.items())
            raise StorageError(
                f"{result.deleted} records were deleted, but others are still being written to: {places}; "
                f"stop it (or wait until it writes or ends) and delete again"
            )
        return result.deleted

    def close(self) -> None:
        """See `StorageBackend.close`."""
        self._writer.seal()

    # -- upkeep -----------------------------------------------------------------------------------------------------

    def rest(self, is_wanted: Callable[[], bool]) -> None:
        """See `SelfMaintaining.rest`."""
        if self._writer.is_in_use:
            self._writer.rest()
            self._upkeep.step(is_wanted)

    def maintain(self, progress: Callable[[str, int, int], None]) -> MaintenanceReport:
        """See `SelfMaintaining.maintain`."""
        return self._upkeep.whole_round(progress)

    def inspect(self) -> list[Finding]:
        """See `SelfMaintaining.inspect`."""
        return inspect(self._data_dir)

    # -- reading ----------------------------------------------------------------------------------------------------

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """See `StorageBackend.records`. A few blocks are in memory at a time, and no older one than the limit needs."""
        return islice(newest_first(self._store, query), query.limit or None)

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        """See `StorageBackend.summaries`. Reads records only for what no rollup knows: users and single records."""
        question = Question(query)
        if question.can_use_rollups:
            found = self._totals.groups(question, self._tell)
            for key, summary in found.items():
                summary.group = dict(zip(query.group_by, key, strict=True))
        else:
            found = fold(self._matching(query.where), query.group_by)
        yield from with_declared(found, declared_matching(self.declared(), query.where), query.group_by)

    def remarks(self, query: SummaryQuery) -> list[str]:
        """See `Explaining.remarks`."""
        return remarks(self._store, query)

    def search(self, query: Query) -> Iterator[Point]:
        """Return the records that any stock TinyFlux query accepts as TinyFlux points, newest first, read as needed.

        Points are those of `stock.point_of`; docs/how-to/query-with-tinyflux.md says which queries read little.

        Raises:
            QueryError: this is no complete TinyFlux query.
        """
        # late: a tracked application writes through this class and must not pay for importing tinyflux
        from curio_tracking.storage.tinyflux.stock import search_records

        return search_records(self.records, query)

    def declared(self) -> Iterable[FeatureInfo]:
        """Return the declared features."""
        return self._declarations.all()

    def _matching(self, where: RecordQuery) -> Iterator[FeatureRecord]:
        return newest_first(self._store, where)

    def _tell(self, done: int, total: int) -> None:
        if self.on_progress is not None:
            self.on_progress(done, total)


def _rows_of(records: Sequence[FeatureRecord]) -> list[str]:
    try:
        return list(map(format_row, records))
    except (ValueError, TypeError):
        return list(map(_row_or_name, records))


def _row_or_name(record: FeatureRecord) -> str:
    try:
        return format_row(record)
    except (ValueError, TypeError) as error:
        # no StorageError: trying again would not help
        raise ValueError(f'record {record.record_id} of "{record.feature_name}" cannot be stored: {error}') from error


def _by_day(rows: list[str], records: Sequence[FeatureRecord]) -> dict[str, Rows]:
    starts = [record.start_us for record in records]
    first_us, last_us = min(starts), max(starts)
    if max(map(len, rows)) >= MAX_FIELD_CHARACTERS or first_us < _FIRST_US or last_us > _LAST_US:
        # a long text was cut, or a time that no calendar has: totals must count what readers will find
        records = [parse_row(row[:-1].encode()) or record for row, record in zip(rows, records, strict=True)]
    elif first_us // DAY_US == last_us // DAY_US:
        return {rows[0][:DAY_LENGTH]: Rows("".join(rows).encode(), records)}
    days: dict[str, tuple[list[str], list[FeatureRecord]]] = {}
    for row, record in zip(rows, records, strict=True):
        lines, members = days.setdefault(row[:DAY_LENGTH], ([], []))
        lines.append(row)
        members.append(record)
    return {day: Rows("".join(lines).encode(), members) for day, (lines, members) in days.items()}
