"""Snapshot: what a store holds at one moment: for each day its segments, and which of them a rollup counts already.

The order of looking is what keeps counts from going backwards while others compress, merge and remove: first the
segments, then the rollups. Whatever left the first list meanwhile is in the second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.storage.days import newest_days
from curio_tracking.storage.tinyflux.catalog import all_days, raw_directory, segments_of
from curio_tracking.storage.tinyflux.reading.view import SegmentView
from curio_tracking.storage.tinyflux.rollups.container import MovedError
from curio_tracking.storage.tinyflux.rollups.history import DayOfHistory, History, days_of
from curio_tracking.storage.tinyflux.rows import parse_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import TypeVar

    from curio_tracking.queries import RecordQuery
    from curio_tracking.records import FeatureRecord
    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.rollups.history import HistoryFile

    _Answer = TypeVar("_Answer")

_ATTEMPTS: Final = 100


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a store.

    Attributes:
        name: `2026-11-22`.
        history: the rollup that counts some of its segments, if there is one that can be trusted.
        segments: all of them. uncovered: those that the rollup does not count.
    """

    name: str
    history: DayOfHistory | None
    segments: list[SegmentFile]
    uncovered: list[SegmentFile]

    @property
    def is_retired(self) -> bool:
        """Whether records that the rollup counts are gone: it cannot be made again."""
        return self.history is not None and not self.history.covered.keys() <= {file.stem for file in self.segments}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A store at one moment.

    Attributes:
        days: newest first. months: the rollups of months, by month.
    """

    days: list[Day]
    months: dict[str, HistoryFile]


class Store:
    """One data directory as a reader knows it."""

    def __init__(self, data_dir: Path, *, is_careful: bool = False) -> None:
        """Args: the data directory; whether rollups are checked before they are asked, see `History`."""
        self._raw = raw_directory(data_dir)
        self.history = History(data_dir, is_careful=is_careful)
        self._views: dict[tuple[str, str], SegmentView] = {}
        self._bad_rows: set[int] = set()

    def ask(self, question: Callable[[], _Answer]) -> _Answer:
        """Return what `question` returns, and ask again when somebody moved what it was looking at.

        Raises:
            StorageError: it cannot be read.
        """
        moved: Exception | None = None
        for _attempt in range(_ATTEMPTS):
            try:
                return question()
            except (MovedError, FileNotFoundError) as error:
                moved = error
            finally:
                self.history.release()
        raise StorageError(f"{self._raw} changes faster than it can be read; ask again") from moved

    def snapshot(self, query: RecordQuery) -> Snapshot:
        """Return the days that the query concerns.

        Raises:
            FileNotFoundError: something moved; ask again. StorageError: this user may not read it.
        """
        listed = {day: segments_of(self._raw, day) for day in self.days(query)}
        files = self.history.load()
        counted = days_of(files)
        names = newest_days({*listed, *counted}, query)
        self._check_missing({name: counted[name] for name in names if name in counted}, listed)
        days = [_day(name, counted.get(name), listed.get(name, [])) for name in names]
        return Snapshot(days, {period: file for period, file in files.items() if len(period) < len("2026-11-22")})

    def _check_missing(self, counted: Mapping[str, DayOfHistory], listed: Mapping[str, list[SegmentFile]]) -> None:
        """Look again for counted segments that were not listed: they are gone for good, or were made since.

        Raises:
            MovedError: some were made since, so the listing is older than the rollup.
        """
        missing = {
            name: stems
            for name, history in counted.items()
            if (stems := history.covered.keys() - {file.stem for file in listed.get(name, [])})
        }
        # most of them are of days whose directory is gone: one look at the directories spares a look into each
        for name in missing.keys() & set(all_days(self._raw)) if missing else ():
            if not missing[name].isdisjoint({file.stem for file in segments_of(self._raw, name)}):
                raise MovedError(name)

    def days(self, query: RecordQuery) -> list[str]:
        """Return the days that have segments and that the query concerns, newest first."""
        return newest_days(all_days(self._raw), query)

    def segments(self, day: str) -> list[SegmentFile]:
        """Return the segments of a day as they are now."""
        return segments_of(self._raw, day)

    def view(self, day: str, file: SegmentFile) -> SegmentView:
        """Return the view of a segment, brought up to date; from the file in its place, if it was compressed since.

        Raises:
            MovedError: the segment is gone, or was rewritten.
        """
        while True:
            try:
                view = self._views.get((day, file.stem))
                if view is None or not view.is_good_for(file):
                    view = self._views[day, file.stem] = SegmentView(file)
            except FileNotFoundError:
                file = self.successor(day, file)
            else:
                view.file = file
                return view

    def successor(self, day: str, file: SegmentFile) -> SegmentFile:
        """Return the file that holds the same rows as one that is gone.

        Raises:
            MovedError: there is none.
        """
        for other in segments_of(self._raw, day):
            if other.stem == file.stem and other.size == file.size and other.path != file.path:
                return other
        raise MovedError(file.path)

    def forget_others(self, days: Iterable[Day]) -> None:
        """Let go of what is known of segments that are no longer there, or that a rollup counts now."""
        current = {(day.name, file.stem) for day in days for file in day.uncovered}
        for key in [key for key in self._views if key not in current]:
            self._bad_rows |= self._views.pop(key).bad_rows

    def parsed(self, lines: Iterable[bytes], query: RecordQuery) -> Iterator[FeatureRecord]:
        """Yield the records among lines that match; lines that are none are counted."""
        for line in lines:
            record = parse_row(line)
            if record is None:
                self._bad_rows.add(hash(line))
            elif query.matches(record):
                yield record

    def bad_rows(self) -> set[int]:
        """Return the hashes of the rows that were met and are no records."""
        return self._bad_rows.union(*(view.bad_rows for view in self._views.values()))


def _day(name: str, history: DayOfHistory | None, segments: list[SegmentFile]) -> Day:
    if history is not None:
        covered = history.covered
        # once records are gone there is nothing else to go by: a late segment was counted after it had been listed
        is_retired = not covered.keys() <= {file.stem for file in segments}
        if not is_retired and any(covered.get(file.stem, file.size) != file.size for file in segments):
            # a segment was rewritten: what the rollup says of the day is no longer true
            return Day(name, None, segments, segments)
        return Day(name, history, segments, [file for file in segments if file.stem not in covered])
    return Day(name, None, segments, segments)
