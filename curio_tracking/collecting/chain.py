"""FilterChain: the filters in their order; fails closed. Runs on the writer thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from curio_tracking.collecting.guard import MAX_FAILURES, is_interrupt
from curio_tracking.records import FeatureInfo, FeatureRecord, FeatureStatus

if TYPE_CHECKING:
    from collections import Counter

    from curio_tracking.collecting.guard import Guard

Apply: TypeAlias = Callable[[FeatureRecord], FeatureRecord | None]


@dataclass(frozen=True, slots=True)
class FilterStep:
    """One filter of the chain: its name, what it does, and whether the records it drops are counted."""

    name: str
    apply: Apply
    leaves_trace: bool = True


class FilterChain:
    """Applies the filters and counts what they drop."""

    def __init__(self, steps: Iterable[FilterStep]) -> None:
        self._steps = [(step.name, step.apply, step.leaves_trace) for step in steps]
        self._failures = [0] * len(self._steps)  # of each, in a row
        self._secret = [apply for _name, apply, leaves_trace in self._steps if not leaves_trace]
        self.names = tuple(name for name, _apply, _trace in self._steps)

    def apply(
        self, records: list[FeatureRecord], calls: int, dropped: Counter[str], guard: Guard
    ) -> list[FeatureRecord]:
        """Return the records as the filters leave them, without those that one of them dropped.

        One filter takes all records before the next one does: that costs half of taking them one by one. A filter that
        raises drops the record; one that has failed again and again is not asked any more and drops them all, because
        what it was to keep from the store must not get there.

        Args:
            calls: how many calls each of the records stands for, for the counts.
            dropped: where calls dropped are counted, by the name of the filter (`name_error` where the filter raised).
        """
        for place, (name, apply, leaves_trace) in enumerate(self._steps):
            kept = []
            failures = self._failures[place]
            for record in records:
                try:
                    after = apply(record)
                    if after is not record and after is not None:
                        check_result(after)
                except BaseException as error:
                    if is_interrupt(error):
                        raise
                    failures += 1
                    dropped[f"{name}_error"] += calls
                    _report(name, error, failures, guard)
                    if failures == MAX_FAILURES:
                        # another step stands in, so that no record need be asked about whether this one is off
                        name, apply, leaves_trace = self._steps[place] = (f"{name}_error", drop, True)
                    continue
                failures = 0
                if after is not None:
                    kept.append(after)
                elif leaves_trace:
                    dropped[name] += calls
            self._failures[place] = failures
            records = kept
        return records

    def admits(self, info: FeatureInfo) -> bool:
        """Whether the feature may be named in the store: no filter that leaves no trace would drop it."""
        probe = FeatureRecord("", info.feature_name, info.category, FeatureStatus.FAILED, 0, 0.0)
        try:
            return all(apply(probe) is not None for apply in self._secret)
        except BaseException as error:
            if is_interrupt(error):
                raise
            return False


def drop(_record: FeatureRecord) -> None:
    """Let nothing through: what stands in for a filter that is switched off or cannot be had."""
    return


class _NoRecordError(Exception):
    """A filter has returned something else, which the next one would be blamed for; says of what type."""


def check_result(after: object) -> None:
    """Look at what a filter has returned, where that is neither None nor what it was given.

    Raises:
        Exception: it is no record.
    """
    if not isinstance(after, FeatureRecord):
        raise _NoRecordError(type(after).__name__)


def _report(name: str, error: BaseException, failures: int, guard: Guard) -> None:
    is_result = isinstance(error, _NoRecordError)
    what = f"returned a {error}, which is no record" if is_result else f"raised {type(error).__name__}"
    guard.report(f"filter {name}", f'filter "{name}" {what}; the record was dropped')
    if failures == MAX_FAILURES:
        what = f"has failed {failures} times in a row and is asked no more: all records are dropped"
        guard.report(f"filter {name} off", f'filter "{name}" {what}; update it, or name its plugin in PLUGINS_DISABLED')
