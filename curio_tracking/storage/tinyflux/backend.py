"""The `tinyflux` backend: TinyFlux's file format with a write and read path of its own.

Stock TinyFlux is not safe for two processes, rewrites files in place and reads everything to open; so it is used for
what it is good at, a format and a query language over one sealed segment (`stock`), and never for writing.
"""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING

from curio_tracking.errors import StorageError
from curio_tracking.interfaces import BaseBackend, declared_matching
from curio_tracking.storage.days import by_start
from curio_tracking.storage.declarations import Declarations
from curio_tracking.storage.files import read_lines
from curio_tracking.storage.tinyflux.catalog import raw_directory, segments_by_day
from curio_tracking.storage.tinyflux.deletion import delete_records
from curio_tracking.storage.tinyflux.rows import format_row, parse_row
from curio_tracking.storage.tinyflux.selection import TIME_LENGTH, LineFilter
from curio_tracking.storage.tinyflux.staging import append_staged
from curio_tracking.storage.tinyflux.writer import SegmentWriter
from curio_tracking.summaries import Summary, fold, with_declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking.records import FeatureInfo, FeatureRecord


class TinyFluxBackend(BaseBackend):
    """Keeps records in one segment per writing process and day."""

    def __init__(self, data_dir: Path, *, durable: bool = False) -> None:
        """Args: the data directory; whether an acknowledged batch must survive a loss of power."""
        self._raw = raw_directory(data_dir)
        self._writer = SegmentWriter(data_dir, durable=durable)
        self._declarations = Declarations(data_dir, data_dir=data_dir, durable=durable)
        self._bad_rows: set[int] = set()

    @property
    def quarantined(self) -> int:
        """How many different rows were met that are no records; they are passed over and stay where they are."""
        return len(self._bad_rows)

    # -- writing ----------------------------------------------------------------------------------------------------

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """See `StorageBackend.append`.

        Raises:
            StorageError: nothing was kept; it may work later. ValueError: a record holds what is no number.
        """
        days: dict[str, list[str]] = {}
        for record in records:
            row = _row(record)
            days.setdefault(row[:10], []).append(row)
        if days:
            self._writer.write({day: "".join(rows).encode() for day, rows in days.items()})

    def append_all(self, batches: Iterable[Sequence[FeatureRecord]]) -> int:
        """See `BulkBackend.append_all`."""
        return append_staged(self._raw.parent, batches)

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """See `StorageBackend.declare`."""
        self._declarations.add(features)

    def delete(self, query: RecordQuery) -> int:
        """See `StorageBackend.delete`.

        Raises:
            StorageError: matching records are in a segment that another process writes to; all others are gone.
        """
        self._writer.seal()
        result = delete_records(self._raw, query)
        if result.left:
            places = ", ".join(f"{count} in the segment of {owner}" for owner, count in result.left.items())
            raise StorageError(
                f"{result.deleted} records were deleted, but others are still being written to: {places}; "
                f"stop it (or wait for its end) and delete again"
            )
        return result.deleted

    def close(self) -> None:
        """See `StorageBackend.close`."""
        self._writer.seal()

    # -- reading ----------------------------------------------------------------------------------------------------

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """See `StorageBackend.records`. The matching lines of one day at a time are in memory, older days unread."""
        return islice(self._newest_first(query), query.limit or None)

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        """See `StorageBackend.summaries`."""
        found = fold(self._unordered(query.where), query.group_by)
        yield from with_declared(found, declared_matching(self.declared(), query.where), query.group_by)

    def declared(self) -> Iterable[FeatureInfo]:
        """Return the declared features."""
        return self._declarations.all()

    def _newest_first(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        wanted = LineFilter(query)
        for segments in segments_by_day(self._raw, query):
            lines = [line for segment in segments for line in wanted.candidates(read_lines(segment))]
            # lines begin with their time; segments are written in the order of ends, so this is nearly sorted already
            lines.sort(reverse=True)
            for _time, together in groupby(lines, key=_time_of):
                yield from sorted(self._parsed(together, query), key=by_start, reverse=True)

    def _unordered(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        wanted = LineFilter(query)
        for segments in segments_by_day(self._raw, query):
            for segment in segments:
                yield from self._parsed(wanted.candidates(read_lines(segment)), query)

    def _parsed(self, lines: Iterable[bytes], query: RecordQuery) -> Iterator[FeatureRecord]:
        for line in lines:
            record = parse_row(line)
            if record is None:
                self._bad_rows.add(hash(line))
            elif query.matches(record):
                yield record


def _time_of(line: bytes) -> bytes:
    return line[:TIME_LENGTH]


def _row(record: FeatureRecord) -> str:
    try:
        return format_row(record)
    except (ValueError, TypeError) as error:
        # no StorageError: trying again would not help
        raise ValueError(f'record {record.record_id} of "{record.feature_name}" cannot be stored: {error}') from error
