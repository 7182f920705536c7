"""Assembler: makes records out of what the host's threads left in the buffer. Runs on the writer thread.

Everything that would be too slow for the host happens here: ids, wall-clock times, names of types, the efficiency
score, checks of what users set on a run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting import clock
from curio_tracking.collecting.clock import id_suffix, record_id, wall_ns
from curio_tracking.collecting.facts import SiteFacts
from curio_tracking.collecting.guard import MAX_FAILURES, is_interrupt
from curio_tracking.collecting.outcome import MAX_MESSAGE_LENGTH, SUCCESS, Failure
from curio_tracking.collecting.run import Run
from curio_tracking.collecting.sleep import gaps, moment_us
from curio_tracking.efficiency import blend
from curio_tracking.records import FeatureCategory, FeatureInfo, FeatureRecord, encodable
from curio_tracking.unread import UnreadRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from curio_tracking.collecting.buffer import Fold
    from curio_tracking.collecting.context import Context
    from curio_tracking.collecting.guard import Guard
    from curio_tracking.collecting.running import Cell
    from curio_tracking.collecting.site import Site
    from curio_tracking.efficiency import Targets

_FOLD_THREAD: Final = 0
_new: Final = object.__new__
_MAX_COUNT: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where the records of this process come from."""

    process_id: int
    host: str | None
    app: str | None
    version: str | None
    environment: str | None


class Assembler:
    """Builds records; one per pipeline.

    Attributes:
        writer_cell: that of the thread that calls `record`, once it runs.
    """

    def __init__(
        self,
        place: Place,
        categories: Mapping[str, str],
        formula: Callable[[FeatureRecord, Targets], float | None],
        targets: Targets,
    ) -> None:
        """Args: where this is; the known categories; the efficiency formula and its default targets."""
        self._place = place
        self._categories = dict.fromkeys(categories, True)
        self._formula = formula
        self._targets = targets
        self._folds = 0
        self._formula_failures = 0
        self.writer_cell: Cell | None = None

    def record(self, row: Any, guard: Guard) -> FeatureRecord | None:
        """Return the record of one row; None for a call that is not the host's.

        That is one which began in the process that forked this one, and one of the writer's own thread (a plugin may
        have instrumented a library that a backend uses: tracking the tracker would never end).
        """
        if type(row) is Run:
            is_ours = row.start < clock.began or row.cell is self.writer_cell
            return None if is_ours else self._from_run(row, guard)
        return None if row[1] < clock.began or row[3] is self.writer_cell else self._from_row(row, guard)

    def _from_row(self, row: tuple[Any, ...], guard: Guard) -> FeatureRecord:
        site, start, end, cell, parent, root, context, outcome = row[:8]
        facts = self._facts(site)
        suffix = cell[2]
        start_ns = wall_ns(start)
        own_id = root_id = f"{start_ns:016x}{suffix}"
        parent_id = None
        if parent is not None:
            parent_id, root_id = record_id(parent, suffix), record_id(root, suffix)
        user_id = session_id = custom = None
        if context is not None:
            user_id, session_id, custom = context.user_id, context.session_id, context.metadata
            if context.run_start is not None:
                parent_id, root_id = _inner(context, parent, root, parent_id, root_id)
        if len(row) > 8:
            metadata, input_size = facts.metadata(row[8:], custom)
        else:
            metadata, input_size = {**custom} if custom else {}, None
        failure = outcome if type(outcome) is Failure else None
        seconds = int((end - start) * 1e9 + 0.5) / 1e9  # more digits than the clock has would cost disk
        place = self._place
        # attribute by attribute: passing 26 arguments to the constructor takes twice as long
        record = _new(FeatureRecord)
        record.record_id = own_id
        record.feature_name = site.feature_name
        record.category = facts.category or self._category(site.category, guard)
        record.status = SUCCESS if failure is None else failure.status
        record.start_us = moment_us(start) if gaps else start_ns // 1000
        record.duration = seconds
        record.input_size = input_size
        record.output_size = outcome if failure is None else None
        record.efficiency_score = 1.0
        record.iterations = 1
        record.user_id = user_id
        record.session_id = session_id
        record.thread_id = cell[3]
        record.process_id = place.process_id
        record.host = place.host
        record.app = place.app
        record.version = place.version
        record.environment = place.environment
        record.parent_id = parent_id
        record.cpu_seconds = None
        record.memory_bytes = None
        record.error_type = None if failure is None else failure.error_type
        record.error_message = None if failure is None else failure.error_message
        record.metadata = metadata
        record.sample_weight = 1.0
        record.root_id = root_id
        if type(metadata) is tuple:
            record.__class__ = UnreadRecord
        if seconds > facts.full_score_seconds or failure is not None:
            record.efficiency_score = None
            record.efficiency_score = self._score(record, facts.targets, guard)
        return record

    def _facts(self, site: Site) -> SiteFacts:
        """Return what all records of a site share; worked out with the first one."""
        facts = site.facts
        if facts is not None and facts.owner is self:
            return facts
        targets = self._targets_of(site)
        is_time_all = self._formula is blend and not targets.size and targets.iterations is None
        full_score_seconds = targets.seconds if is_time_all and targets.seconds is not None else -1.0
        category = site.category if site.category in self._categories else None
        site.facts = SiteFacts(self, category, targets, full_score_seconds, site.parameters)
        return site.facts

    def _from_run(self, run: Run, guard: Guard) -> FeatureRecord:
        site, context, place = run.site, run.context, self._place
        metadata: Any = {**(context.metadata or {}), **run.metadata} if context is not None else {**run.metadata}
        input_size = None
        if run.shape:
            metadata, input_size = self._facts(site).metadata(run.shape, metadata)
        record = FeatureRecord(
            run.record_id,
            site.feature_name,
            self._category(site.category, guard),
            run.status or SUCCESS,
            moment_us(run.start),
            round(max(0.0, (run.end or run.start) - run.start), 9),
            input_size if run.input_size is None else _whole(run.input_size, 0),
            _whole(run.output_size, 0),
            None,
            _whole(run.iterations, 1) or 1,
            context.user_id if context else None,
            context.session_id if context else None,
            run.cell[3],
            place.process_id,
            place.host,
            place.app,
            place.version,
            place.environment,
            run.parent_id,
            run.cpu_seconds,
            run.memory_bytes,
            run.error_type,
            run.error_message[:MAX_MESSAGE_LENGTH] if run.error_message else None,
            metadata,
            1.0,
            run.root_id,
        )
        if type(metadata) is tuple:
            record.__class__ = UnreadRecord
        explicit = _fraction(run.efficiency_score)
        record.efficiency_score = self._score(record, self._targets_of(site), guard) if explicit is None else explicit
        return record

    def folded(self, fold: Fold, guard: Guard) -> FeatureRecord:
        """Return the one record that stands for all calls of a fold."""
        self._folds += 1
        place = self._place
        record = FeatureRecord(
            # the count keeps the ids of folds apart that begin at the same instant
            f"{record_id(fold.first, id_suffix(_FOLD_THREAD))}f{self._folds:x}",
            fold.site.feature_name,
            self._category(fold.site.category, guard),
            fold.status,
            moment_us(fold.first),
            fold.seconds / fold.calls,
            process_id=place.process_id,
            host=place.host,
            app=place.app,
            version=place.version,
            environment=place.environment,
            metadata={"_folded": fold.calls},
            sample_weight=float(fold.calls),
        )
        record.efficiency_score = self._score(record, self._targets_of(fold.site), guard)
        return record

    def feature(self, name: str, category: str, location: str | None, guard: Guard) -> FeatureInfo:
        """Return what the store shall know of a decorated feature, called or not; by the name of its records."""
        place = None if location is None else encodable(location)
        return FeatureInfo(encodable(name), self._category(category, guard), place)

    def _category(self, name: str, guard: Guard) -> str:
        if name in self._categories:
            return name
        known = ", ".join(self._categories)
        guard.report("unknown_category", f'unknown category "{name}"; recorded as "other"; known: {known}')
        return FeatureCategory.OTHER.value

    def _targets_of(self, site: Site) -> Targets:
        return self._targets if site.targets is None else site.targets.over(self._targets)

    def _score(self, record: FeatureRecord, targets: Targets, guard: Guard) -> float | None:
        formula = self._formula
        if formula is blend:
            return blend(record, targets)
        try:
            given = formula(record, targets)
            score = _fraction(given)
        except BaseException as error:
            if is_interrupt(error):
                raise
            # not what it says: the formula has seen the record before anything was redacted
            self._formula_failed(f"raised {type(error).__name__}", guard)
            return None
        if score is None and given is not None:
            self._formula_failed(f"returned a {type(given).__name__} that is no number; give one from 0 to 1", guard)
            return None
        self._formula_failures = 0
        return score

    def _formula_failed(self, problem: str, guard: Guard) -> None:
        self._formula_failures += 1
        guard.report("efficiency", f"the efficiency formula {problem}")
        if self._formula_failures >= MAX_FAILURES:
            guard.report("efficiency off", "the efficiency formula has failed again and again; using the built-in one")
            self._formula = blend


def _inner(
    context: Context, parent: float | None, root: float, parent_id: str | None, root_id: str
) -> tuple[str | None, str]:
    """Return (parent id, root id): a suspended call of the context may lie inside or around the plain ones."""
    if context.run_start is None or context.root_start is None or context.root_id is None:
        return parent_id, root_id
    if parent is None or context.run_start > parent:
        parent_id = context.run_id
    return parent_id, context.root_id if context.root_start < root else root_id


def _whole(value: object, least: int) -> int | None:
    """Return a whole number of at least `least`; None for what is none (users may set anything)."""
    if isinstance(value, (int, float)) and not (isinstance(value, float) and not math.isfinite(value)):
        return min(max(int(value), least), _MAX_COUNT)
    return None


def _fraction(value: object) -> float | None:
    """Return the number clamped to 0..1; None for what is no number."""
    if isinstance(value, (int, float)) and not (isinstance(value, float) and math.isnan(value)):
        return float(min(1, max(0, value)))
    return None
