"""Totals: answers summary queries from rollups, and from rows only where no rollup reaches.

Whole months, days and hours come out of tables; the pieces of an hour at the ends of a time range, and what was written
after a checkpoint, out of rows. What cannot change any more is merged once and kept for the next time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.storage.tinyflux.measures import measure
from curio_tracking.storage.tinyflux.reading.question import Groups, Question, merge_group
from curio_tracking.storage.tinyflux.reading.spans import Span, span_of
from curio_tracking.storage.tinyflux.rollups.cells import Cells
from curio_tracking.storage.tinyflux.rollups.checkpoint import BY_CELL
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, MovedError
from curio_tracking.storage.tinyflux.selection import LineFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking.queries import RecordQuery
    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.reading.snapshot import Day, Snapshot, Store
    from curio_tracking.storage.tinyflux.reading.view import SegmentView
    from curio_tracking.storage.tinyflux.rollups.history import HistoryFile
    from curio_tracking.summaries import Summary

_MOST_KEPT: Final = 8
"""Answers whose fixed part is kept: a dashboard asks a few questions again and again."""


class Totals:
    """Answers for one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fixed: dict[Any, tuple[Any, Groups]] = {}

    def groups(self, question: Question, progress: Callable[[int, int], None]) -> Groups:
        """Return the totals of each group.

        Args:
            progress: told how many bytes of rows were read of how many.
        """
        return self._store.ask(lambda: self._answer(question, progress))

    def _answer(self, question: Question, progress: Callable[[int, int], None]) -> Groups:
        snapshot = self._store.snapshot(question.query.where)
        plan = _Plan(question, self._store, progress)
        plan.add(snapshot)
        self._store.forget_others(snapshot.days)
        return plan.overlay(self._base(question, plan))

    def _base(self, question: Question, plan: _Plan) -> Groups:
        """Return what the fixed parts come to, from the last time if they are the same."""
        identity = [part[0] for part in plan.fixed]
        known = self._fixed.get(question.query)
        if known is not None and known[0] == identity:
            return known[1]
        groups: Groups = {}
        for _identity, merge in plan.fixed:
            merge(groups)
        while len(self._fixed) >= _MOST_KEPT:
            del self._fixed[next(iter(self._fixed))]
        self._fixed[question.query] = (identity, groups)
        return groups


class _Plan:
    """The parts of one answer: fixed ones, each with its identity, and growing ones."""

    def __init__(self, question: Question, store: Store, progress: Callable[[int, int], None]) -> None:
        self._question = question
        self._store = store
        self._progress = progress
        self._growing: list[tuple[tuple[str, ...], dict[Any, Summary], range | None]] = []
        self.fixed: list[tuple[Any, Callable[[Groups], None]]] = []

    def add(self, snapshot: Snapshot) -> None:
        """Find the parts for everything in the snapshot."""
        where = self._question.query.where
        spans = {day.name: span_of(day.name, where) for day in snapshot.days}
        counted = self._months(snapshot, spans)
        # once: asked for again, a view of a segment that was rewritten meanwhile would be another one, and not folded
        views = {day.name: [self._store.view(day.name, file) for file in day.uncovered] for day in snapshot.days}
        self._fold([(view, spans[day]) for day, of_day in views.items() for view in of_day])
        for day in snapshot.days:
            if spans[day.name].since_us < spans[day.name].until_us:
                self._add_day(day, spans[day.name], views[day.name], is_counted=day.name in counted)

    def _months(self, snapshot: Snapshot, spans: dict[str, Span]) -> set[str]:
        """Take months of which every day is asked for and nothing newer is known; return the days."""
        taken: set[str] = set()
        days = {day.name: day for day in snapshot.days}
        for file in snapshot.months.values():
            if all(
                (day := days.get(name)) is not None
                and spans[name].is_whole
                and day.history is not None
                and day.history.covered == covered
                for name, covered in file.days.items()
            ):
                taken |= file.days.keys()
                self._add_table(file, self._question.grain, None)
        return taken

    def _add_table(self, file: HistoryFile, grain: str, day: str | None, hours: range | None = None) -> None:
        question, history = self._question, self._store.history

        def merge(groups: Groups) -> None:
            try:
                table = file.table(grain, day)
            except DamagedError as error:
                # asked again without it: from the rows, or from the rollup of the month
                history.distrust(file)
                raise MovedError(file.path) from error
            question.merge_table(table, groups, hours)

        self.fixed.append(((file.signature, grain, day, hours), merge))

    def _fold(self, views: list[tuple[SegmentView, Span]]) -> None:
        """Read the rows that no checkpoint covers, once for all that is asked."""
        total = sum(view.bytes_to_fold() for view, _span in views)
        done = 0

        def tell(count: int) -> None:
            nonlocal done
            done += count
            self._progress(done, total)

        for view, span in views:
            if span.is_whole or span.hours:
                view.fold(tell)

    def _add_day(self, day: Day, span: Span, views: list[SegmentView], *, is_counted: bool) -> None:
        history = day.history
        files = day.segments
        if span.is_whole:
            if history is not None and not is_counted:
                self._add_table(history.file, self._question.grain, day.name)
        elif history is not None and day.is_retired:
            # the records are gone, and with them everything finer than a day
            self._add_table(history.file, "dimensions", day.name)
            files = day.uncovered
        elif history is not None and history.has(day.name, "hours"):
            self._add_table(history.file, "hours", day.name, span.hours)
        elif history is not None:
            self._add_rows(day.name, files, [(span.since_us, span.until_us)])
            return
        for view in views:
            self._add_view(view, None if span.is_whole else span.hours)
        self._add_rows(day.name, files, span.pieces)

    def _add_view(self, view: SegmentView, hours: range | None) -> None:
        question = self._question
        checkpoint = view.checkpoint
        if checkpoint is not None and checkpoint.has_totals:

            def merge(groups: Groups) -> None:
                try:
                    is_by_feature = hours is None and question.grain == "features"
                    tables = checkpoint.features() if is_by_feature else list(checkpoint.cells())
                except (MovedError, DamagedError):
                    # the writer put a newer one in its place; asking again might always come too late. Or it is damaged
                    view.is_outdated = True
                    question.merge_totals(BY_CELL, view.fold_covered(), groups, hours)
                else:
                    for table in tables:
                        question.merge_table(table, groups, hours)

            self.fixed.append(((checkpoint.signature, question.grain, hours), merge))
        self._growing.append((BY_CELL, view.tail.totals, hours))

    def _add_rows(self, day: str, files: list[SegmentFile], pieces: list[tuple[int, int]]) -> None:
        """Count the rows in the pieces of hours at the ends of the range."""
        for piece in pieces:
            part = replace(self._question.query.where, since_us=piece[0], until_us=piece[1], limit=0)
            wanted, cells = LineFilter(part), Cells()
            for file in files:
                for lines in self._lines(day, file, part):
                    cells.add_measures(measure(wanted.candidates(lines))[0])
            self._growing.append((BY_CELL, cells.settle(), None))

    def _lines(self, day: str, file: SegmentFile, part: RecordQuery) -> list[list[bytes]]:
        """Return the lines of the blocks in question, from the new file of a segment that is compressed meanwhile."""
        while True:
            try:
                return list(self._store.view(day, file).lines(part))
            except FileNotFoundError:
                file = self._store.successor(day, file)

    def overlay(self, base: Groups) -> Groups:
        """Return the base with the growing parts; the base itself stays as it is, for the next time."""
        added: Groups = {}
        for names, totals, hours in self._growing:
            self._question.merge_totals(names, totals, added, hours)
        groups = dict(base)
        for group, summary in added.items():
            if group in base:
                merge_group(added, group, base[group])
            groups[group] = summary
        return groups
