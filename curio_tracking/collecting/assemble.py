"""Assembler: makes records out of what the host's threads left in the buffer. Runs on the writer thread.

Everything that would be too slow for the host happens here: ids, wall-clock times, names of types, the efficiency
score, checks of what users set on a run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.capture import UNKNOWN, Shape
from curio_tracking.collecting.clock import is_foreign, record_id, wall_us
from curio_tracking.collecting.outcome import MAX_MESSAGE_LENGTH, SUCCESS, Failure
from curio_tracking.collecting.run import Run
from curio_tracking.records import FeatureCategory, FeatureInfo, FeatureRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from curio_tracking.collecting.buffer import Fold
    from curio_tracking.collecting.context import Context
    from curio_tracking.collecting.guard import Guard
    from curio_tracking.collecting.running import Cell
    from curio_tracking.collecting.site import Site
    from curio_tracking.efficiency import Targets

_FOLD_THREAD: Final = 0
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
        self.writer_cell: Cell | None = None

    def record(self, row: Any, guard: Guard) -> FeatureRecord | None:
        """Return the record of one row; None for a call that is not the host's.

        That is one which began in the process that forked this one, and one of the writer's own thread (a plugin may
        have instrumented a library that a backend uses: tracking the tracker would never end).
        """
        if type(row) is Run:
            is_ours = is_foreign(row.start) or row.cell is self.writer_cell
            return None if is_ours else self._from_run(row, guard)
        return None if is_foreign(row[1]) or row[3] is self.writer_cell else self._from_row(row, guard)

    def _from_row(self, row: tuple[Any, ...], guard: Guard) -> FeatureRecord:
        site, start, end, cell, parent, root, context, outcome = row[:8]
        _running, _root, thread, thread_id = cell
        own_id = record_id(start, thread)
        parent_id = None if parent is None else record_id(parent, thread)
        root_id = own_id if parent is None else record_id(root, thread)
        user_id = session_id = None
        metadata: dict[str, Any] = {}
        input_size = None
        if len(row) > 8:
            metadata["parameters"], input_size = described(site.parameters, row[8:])
        failure = outcome if type(outcome) is Failure else None
        if context is not None:
            user_id, session_id = context.user_id, context.session_id
            parent_id, root_id = _inner(context, parent, root, parent_id, root_id)
            if context.metadata:
                metadata.update(context.metadata)
        place = self._place
        record = FeatureRecord(
            own_id,
            site.feature_name,
            site.category if site.category in self._categories else self._category(site.category, guard),
            SUCCESS if failure is None else failure.status,
            wall_us(start),
            round(end - start, 9),  # the clock has no more than nanoseconds; the digits after them cost disk
            input_size,
            outcome if failure is None else None,
            None,
            1,
            user_id,
            session_id,
            thread_id,
            place.process_id,
            place.host,
            place.app,
            place.version,
            place.environment,
            parent_id,
            None,
            None,
            None if failure is None else failure.error_type,
            None if failure is None else failure.error_message,
            metadata,
            1.0,
            root_id,
        )
        record.efficiency_score = self._score(record, site, guard)
        return record

    def _from_run(self, run: Run, guard: Guard) -> FeatureRecord:
        site, context, place = run.site, run.context, self._place
        metadata: dict[str, Any] = {}
        input_size = None
        if run.shape:
            metadata["parameters"], input_size = described(site.parameters, run.shape)
        if context is not None and context.metadata:
            metadata.update(context.metadata)
        metadata.update(run.metadata)
        record = FeatureRecord(
            run.record_id,
            site.feature_name,
            self._category(site.category, guard),
            run.status or SUCCESS,
            wall_us(run.start),
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
        explicit = _fraction(run.efficiency_score)
        record.efficiency_score = self._score(record, site, guard) if explicit is None else explicit
        return record

    def folded(self, fold: Fold, guard: Guard) -> FeatureRecord:
        """Return the one record that stands for all calls of a fold."""
        self._folds += 1
        place = self._place
        record = FeatureRecord(
            # the count keeps the ids of folds apart that begin at the same instant
            f"{record_id(fold.first, _FOLD_THREAD)}f{self._folds:x}",
            fold.site.feature_name,
            self._category(fold.site.category, guard),
            fold.status,
            wall_us(fold.first),
            fold.seconds / fold.calls,
            process_id=place.process_id,
            host=place.host,
            app=place.app,
            version=place.version,
            environment=place.environment,
            metadata={"_folded": fold.calls},
            sample_weight=float(fold.calls),
        )
        record.efficiency_score = self._score(record, fold.site, guard)
        return record

    def feature(self, name: str, category: str, location: str | None, guard: Guard) -> FeatureInfo:
        """Return what the store shall know of a decorated feature, called or not."""
        return FeatureInfo(name, self._category(category, guard), location)

    def _category(self, name: str, guard: Guard) -> str:
        if name in self._categories:
            return name
        known = ", ".join(self._categories)
        guard.report("unknown_category", f'unknown category "{name}"; recorded as "other"; known: {known}')
        return FeatureCategory.OTHER.value

    def _score(self, record: FeatureRecord, site: Site, guard: Guard) -> float | None:
        targets = self._targets if site.targets is None else site.targets.over(self._targets)
        try:
            return self._formula(record, targets)
        except Exception as error:
            guard.report("efficiency", f"the efficiency formula raised {type(error).__name__}: {error}")
            return None


def described(names: tuple[str, ...], shape: Shape) -> tuple[dict[str, dict[str, Any]], int | None]:
    """Return (what is known of each parameter, the sum of the known sizes)."""
    parameters: dict[str, dict[str, Any]] = {}
    total = None
    step = len(shape) // len(names)
    for name, position in zip(names, range(0, len(shape), step), strict=True):
        size = shape[position + 1]
        parameter: dict[str, Any] = {"type": getattr(shape[position], "__name__", "unknown")}
        if size is not None:
            parameter["size"] = size
            total = size if total is None else total + size
        if step == 3 and shape[position + 2] is not UNKNOWN:
            parameter["value"] = shape[position + 2]
        parameters[name] = parameter
    return parameters, total


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
