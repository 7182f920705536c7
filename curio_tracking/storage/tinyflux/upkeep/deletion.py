"""Deleting records: segments are rewritten beside themselves and renamed; the owners of live ones seal them first.

A reader sees a segment before or after, never between. Before the first one is touched, the rollups of days and months
stop counting the days in question: they would go on counting what is deleted. Only lines are handled, so columns that a
later version wrote stay as they are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curio_tracking.storage.directories import storage_error, sync_directory
from curio_tracking.storage.erasure import concerns
from curio_tracking.storage.files import (
    LOCK_PAUSE,
    is_at,
    is_unowned,
    open_to_repair,
    release,
    replace_file,
)
from curio_tracking.storage.tinyflux.blocks import opened, scan
from curio_tracking.storage.tinyflux.catalog import owner_of, raw_directory
from curio_tracking.storage.tinyflux.handover import requested_seal
from curio_tracking.storage.tinyflux.reading.snapshot import Day, Store
from curio_tracking.storage.tinyflux.rows import parse_row
from curio_tracking.storage.tinyflux.selection import LineFilter
from curio_tracking.storage.tinyflux.staging import finish_staged
from curio_tracking.storage.tinyflux.upkeep.compaction import write_compressed
from curio_tracking.storage.tinyflux.upkeep.forgetting import forget_days, forget_retired
from curio_tracking.storage.tinyflux.upkeep.leftovers import clear_day
from curio_tracking.storage.tinyflux.upkeep.lock import upkeep_lock
from curio_tracking.storage.tinyflux.upkeep.pace import Pace
from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine
from curio_tracking.storage.tinyflux.upkeep.recovery import remove
from curio_tracking.storage.tinyflux.upkeep.retention import remove_day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from curio_tracking.queries import RecordQuery
    from curio_tracking.storage.tinyflux.catalog import SegmentFile

HANDOVER_SECONDS = 10.0
"""How long to wait for all owners: a process hears the request when it writes, and FLUSH_SECONDS after it last did."""
_MOST_SOUGHT = 64
_UPKEEP_SECONDS = 30.0
"""How long to wait for somebody who compresses or merges: a piece of that takes a few seconds at most."""


@dataclass(slots=True)
class Deletion:
    """What became of a deletion.

    Attributes:
        deleted: how many records are gone, and rows that could not be read but named what was to go.
        left: how many matching records are in segments that a process did not hand over, per owner in words.
    """

    deleted: int = 0
    left: dict[str, int] = field(default_factory=dict)


def delete_records(data_dir: Path, query: RecordQuery) -> Deletion:
    """Remove the matching records from every segment that can be had, and from the rollups of days without records.

    Raises:
        StorageError: a segment cannot be read or rewritten; it is untouched, those before it are done.
    """
    finish_staged(data_dir)  # or an import that was killed halfway would bring the rest of them later
    if not raw_directory(data_dir).is_dir():
        return Deletion()
    with upkeep_lock(data_dir, seconds=_UPKEEP_SECONDS):
        try:
            return _Deleting(data_dir, query).run()
        except OSError as error:
            raise storage_error(error, "delete from", data_dir) from error


class _Deleting:
    def __init__(self, data_dir: Path, query: RecordQuery) -> None:
        self._data_dir = data_dir
        self._query = query
        self._store = Store(data_dir, is_careful=True)
        self._result = Deletion()

    def run(self) -> Deletion:
        snapshot = self._store.ask(lambda: self._store.snapshot(self._query))
        for day in snapshot.days:
            # of any age: we hold the lock of all rewrites of rows; a writer's checkpoint that this hits is made again
            clear_day(raw_directory(self._data_dir) / day.name, seconds=0.0)
            if day.is_retired:
                remove_day(self._data_dir, day)
        found = [(day, segment, count) for day in snapshot.days for segment, count in self._found(day)]
        forget_days(self._data_dir, {day.name for day, _segment, _count in found if not day.is_retired})
        self._delete_all([(segment, count) for _day, segment, count in found])
        if self._query.user_ids or self._query.record_ids:
            quarantine = Quarantine(self._data_dir)
            quarantine.remove_abandoned(time.time(), seconds=0.0)
            self._result.deleted += quarantine.remove(lambda line: concerns(self._query, line, None))
        self._result.deleted += forget_retired(self._data_dir, self._query)
        return self._result

    def _found(self, day: Day) -> Iterator[tuple[SegmentFile, int]]:
        for segment in self._store.segments(day.name):
            try:
                count = sum(len(gone) for _kept, gone in _split(segment, self._query))
            except FileNotFoundError:
                continue
            if count:
                yield segment, count

    def _delete_all(self, found: list[tuple[SegmentFile, int]]) -> None:
        """Take sealed segments first, then ask the owners of the others for theirs."""
        live = [(segment, count) for segment, count in found if not self._delete_from(segment, time.monotonic())]
        if not live:
            return
        with requested_seal(raw_directory(self._data_dir)):
            deadline = time.monotonic() + HANDOVER_SECONDS
            for segment, count in live:
                if not self._delete_from(segment, deadline):
                    owner = owner_of(segment.path)
                    self._result.left[owner] = self._result.left.get(owner, 0) + count

    def _delete_from(self, segment: SegmentFile, deadline: float) -> bool:
        """Rewrite a segment; False if somebody still has it at the deadline."""
        try:
            if segment.is_compressed:
                self._result.deleted += _rewrite_compressed(segment, self._query)
                return True
            deleted = _rewrite_when_sealed(segment, self._query, deadline)
        except FileNotFoundError:
            return True
        except OSError as error:
            raise storage_error(error, "rewrite", segment.path) from error
        self._result.deleted += deleted or 0
        return deleted is not None


def _rewrite_when_sealed(segment: SegmentFile, query: RecordQuery, deadline: float) -> int | None:
    """Return how many records were removed; None if somebody is still writing to the segment at the deadline."""
    while True:
        file = open_to_repair(segment.path)
        try:
            # is_at: another deletion may have put a new file here between our open and our lock
            if is_unowned(file) and is_at(file, segment.path):
                return _rewrite(segment, query)
        finally:
            release(file)
        if time.monotonic() > deadline:
            return None
        time.sleep(LOCK_PAUSE)


def _rewrite(segment: SegmentFile, query: RecordQuery) -> int:
    deleted, is_empty = _count(segment, query)
    if is_empty:
        remove(segment)
        sync_directory(segment.path.parent)
    else:
        # first: the new file must not be taken for the one that the checkpoint is about
        segment.rollup_path.unlink(missing_ok=True)
        kept = (b"".join([line + b"\n" for line in lines]) for lines, _gone in _split(segment, query))
        replace_file(segment.path, kept)
    return deleted


def _rewrite_compressed(segment: SegmentFile, query: RecordQuery) -> int:
    deleted, is_empty = _count(segment, query)
    if is_empty:
        remove(segment)
    else:
        write_compressed(segment, (kept for kept, _gone in _split(segment, query)), Pace())
        segment.path.unlink()
    sync_directory(segment.path.parent)
    return deleted


def _count(segment: SegmentFile, query: RecordQuery) -> tuple[int, bool]:
    """Return (how many lines go, whether none stays)."""
    counts = [(len(kept), len(gone)) for kept, gone in _split(segment, query)]
    return sum(gone for _kept, gone in counts), not any(kept for kept, _gone in counts)


def _split(segment: SegmentFile, query: RecordQuery) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Yield the lines that stay and those that go, some hundred at a time."""
    wanted = LineFilter(query)
    ids = [one.encode(errors="replace") for one in (query.user_ids or frozenset()) | (query.record_ids or frozenset())]
    with opened(segment.path) as file:
        for _block, lines in scan(file, 0, is_compressed=segment.is_compressed):
            # with many ids, reading every line is quicker than looking for each id in each
            named = lines if len(ids) > _MOST_SOUGHT else [line for line in lines for one in ids if one in line]
            suspects = {*wanted.candidates(lines), *named}
            gone = {line for line in suspects if concerns(query, line, parse_row(line))}
            yield [line for line in lines if line not in gone], [line for line in lines if line in gone]
