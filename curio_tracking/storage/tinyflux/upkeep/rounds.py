"""Rounds: goes through a store, oldest day first, and does what is due, one bounded piece of work after the other.

Per day: remove what a kill left behind, join small segments, settle segments without an owner, count them in the day's
rollup, compress them once the day is over. Then months, then retention. Every piece leaves the store whole; a round may
end after any.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.logbook import debug
from curio_tracking.queries import RecordQuery
from curio_tracking.records import to_microseconds
from curio_tracking.storage.files import remove_abandoned
from curio_tracking.storage.tinyflux.catalog import raw_directory
from curio_tracking.storage.tinyflux.reading.snapshot import Day, Snapshot, Store
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, MovedError
from curio_tracking.storage.tinyflux.rollups.history import month_of, rollup_directory, set_aside_damaged
from curio_tracking.storage.tinyflux.upkeep.calendar import Calendar
from curio_tracking.storage.tinyflux.upkeep.compaction import compress
from curio_tracking.storage.tinyflux.upkeep.joining import join, small_batches
from curio_tracking.storage.tinyflux.upkeep.leftovers import clear_day
from curio_tracking.storage.tinyflux.upkeep.merging import is_merged, kept_history, merge_day, merge_month
from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine
from curio_tracking.storage.tinyflux.upkeep.recovery import settle
from curio_tracking.storage.tinyflux.upkeep.retention import remove_day, retire, retire_late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.upkeep.pace import Pace

MANY_SEGMENTS: Final = 16
"""So many sealed segments of a day that goes on are worth a rollup of their own."""
LARGE_BYTES: Final = 8 * 1024 * 1024
"""A sealed segment of this size is compressed before its day is over."""
_EVERYTHING: Final = RecordQuery()


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of work.

    Attributes:
        what: in words, for people. size: how many bytes it is about.
        work: does it.
    """

    what: str
    size: int
    work: Callable[[Pace], None]


class Rounds:
    """The upkeep of one data directory. The caller holds `upkeep_lock`."""

    def __init__(self, data_dir: Path, retention_days: int, *, is_thorough: bool = False) -> None:
        """Prepare a round.

        Args:
            data_dir: the data directory.
            retention_days: after how many days records go; 0 for never.
            is_thorough: whether to look also at what was in order the last time.
        """
        self._data_dir = data_dir
        self._raw = raw_directory(data_dir)
        self._retention_days = retention_days
        self._is_thorough = is_thorough
        self._store = Store(data_dir, is_careful=True)
        self._quarantine = Quarantine(data_dir)
        self._calendar = Calendar()

    def pieces(self) -> Iterator[Piece]:
        """Yield what is due, one after the other: each is found out after the one before was done.

        Raises:
            StorageError: the store cannot be read.
        """
        remove_abandoned(rollup_directory(self._data_dir), time.time())
        self._quarantine.remove_abandoned(time.time())
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        for day in reversed(self._snapshot().days):
            yield from self._day(day.name, is_over=day.name < today)
        snapshot = self._snapshot()
        for month in sorted({month_of(day.name) for day in snapshot.days}):
            if month < month_of(today) and not is_merged(month, snapshot):
                yield Piece(f"merging {month}", 0, partial(self._merge_month, month))
        if self._retention_days:
            last = (self._calendar.now() - timedelta(days=self._retention_days)).strftime("%Y-%m-%d")
            for day in reversed(snapshot.days):
                if day.name < last:
                    yield from self._retire(day.name)

    def run(self, piece: Piece, pace: Pace) -> str | None:
        """Do a piece of work; return why it could not be done, or None.

        Raises:
            InterruptedUpkeepError: see `pace`.
        """
        try:
            piece.work(pace)
        except (OSError, StorageError, DamagedError, MovedError) as error:
            debug(f"{piece.what}: {error}")
            return f"{piece.what}: {error}"
        return None

    def _snapshot(self) -> Snapshot:
        return self._store.ask(lambda: self._store.snapshot(_EVERYTHING))

    def _find(self, name: str) -> Day | None:
        begin = to_microseconds(datetime.fromisoformat(name).replace(tzinfo=UTC))
        query = RecordQuery(since_us=begin, until_us=begin + 1)
        return next(iter(self._store.ask(lambda: self._store.snapshot(query)).days), None)

    # -- a day ------------------------------------------------------------------------------------------------------

    def _day(self, name: str, *, is_over: bool) -> Iterator[Piece]:
        clear_day(self._raw / name)
        day = self._find(name)
        if day is None or not day.segments or day.is_retired:
            return
        if not day.history or kept_history(day):
            for batch in small_batches(day.uncovered):
                size = sum(segment.size for segment in batch)
                yield Piece(f"joining {name}", size, partial(self._join, batch))
            day = self._find(name) or day
        fresh = day.uncovered if kept_history(day) else day.segments
        settled: list[SegmentFile] = []
        for segment in fresh:
            yield Piece(f"reading {name}", segment.size, partial(self._settle, segment, settled))
        if settled and (is_over or len(settled) >= MANY_SEGMENTS):
            size = sum(segment.size for segment in settled)
            yield Piece(f"merging {name}", size, partial(self._merge_day, name, settled))
        if self._is_thorough:
            for segment in [one for one in day.segments if one not in fresh]:
                yield Piece(f"checking {name}", segment.size, partial(self._index, segment))
        for segment in self._store.segments(name):
            if not segment.is_compressed and (is_over or segment.size >= LARGE_BYTES):
                yield Piece(f"compressing {name}", segment.size, partial(self._compress, name, segment))

    def _join(self, segments: list[SegmentFile], pace: Pace) -> None:
        join(segments, self._quarantine, pace)

    def _settle(self, segment: SegmentFile, settled: list[SegmentFile], pace: Pace) -> None:
        whole = settle(segment, self._quarantine, pace)
        if whole is not None:
            settled.append(whole)

    def _merge_day(self, name: str, settled: list[SegmentFile], pace: Pace) -> None:
        # found anew: since the piece before, a deletion may have taken the day out of its rollup
        day = self._find(name)
        if day is not None and not day.is_retired:
            counted = kept_history(day)
            fresh = [one for one in settled if counted is None or one.stem not in counted.covered]
            merge_day(self._data_dir, day, fresh, pace)

    def _index(self, segment: SegmentFile, pace: Pace) -> None:
        settle(segment, self._quarantine, pace, needs_totals=False)

    def _compress(self, name: str, segment: SegmentFile, pace: Pace) -> None:
        day = self._find(name)
        covered = day.history.covered if day is not None and day.history is not None else {}
        # without its day's rollup the totals would be lost with the checkpoint, and had to be made again
        if covered.get(segment.stem) == segment.size:
            compress(segment, pace)

    # -- months and retention ---------------------------------------------------------------------------------------

    def _merge_month(self, month: str, _pace: Pace) -> None:
        set_aside_damaged(self._data_dir, month)
        merge_month(self._data_dir, month, self._snapshot())

    def _retire(self, name: str) -> Iterator[Piece]:
        day = self._find(name)
        if day is None or day.history is None or not day.segments:
            return
        if day.is_retired:
            remove_day(self._data_dir, day)
            settled: list[SegmentFile] = []
            for segment in day.uncovered:
                yield Piece(f"reading {name}", segment.size, partial(self._settle, segment, settled))
            if settled:
                yield Piece(f"retiring {name}", 0, partial(self._retire_late, name, settled))
        elif not day.uncovered:
            yield Piece(f"retiring {name}", 0, partial(self._retire_day, name))

    def _retire_day(self, name: str, _pace: Pace) -> None:
        snapshot = self._snapshot()
        for day in snapshot.days:
            if day.name == name and not day.uncovered:
                retire(self._data_dir, day, snapshot, self._quarantine)

    def _retire_late(self, name: str, segments: list[SegmentFile], _pace: Pace) -> None:
        snapshot = self._snapshot()
        for day in snapshot.days:
            if day.name == name and day.history is not None:
                late = [one for one in segments if one.stem not in day.history.covered]
                retire_late(self._data_dir, day, late, snapshot, self._quarantine)
