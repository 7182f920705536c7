"""Tracing: one record on its way through the filters, and what each of them does to it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.chain import check_result
from curio_tracking.collecting.guard import is_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from curio_tracking.collecting.chain import FilterStep
    from curio_tracking.records import FeatureRecord

NOTHING: Final = object()
"""Where there is no value: what was there has been left out, or was not there before."""
Path = tuple[str | int, ...]
"""Keys and places in lists: with dots in keys, text alone could lead to two places."""


class Outcome(StrEnum):
    """What a filter did with a record."""

    KEPT = "kept"
    CHANGED = "changed"
    DROPPED = "dropped"
    FAILED = "failed"
    """It raised, or returned no record; the record is dropped, as it would be in an application."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after a filter; `NOTHING` where there is none."""

    field: str
    before: Any
    after: Any

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready; a side where there is nothing has no key."""
        sides = {"before": self.before, "after": self.after}
        return {"field": self.field} | {name: value for name, value in sides.items() if value is not NOTHING}


@dataclass(frozen=True, slots=True)
class Passage:
    """What one filter did."""

    filter_name: str
    outcome: Outcome
    changes: tuple[Change, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "filter": self.filter_name,
            "outcome": self.outcome.value,
            "changes": [change.as_dict() for change in self.changes],
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """One record on its way.

    Attributes:
        feature_name: what it was called at first.
        before: the record as it came, as `as_dict` gives it.
        passages: what each filter did, in their order, up to the one that dropped the record.
        after: as it would be stored; None if it would not.
    """

    feature_name: str
    before: dict[str, Any]
    passages: tuple[Passage, ...]
    after: dict[str, Any] | None

    @property
    def is_changed(self) -> bool:
        """Whether any filter changed or dropped it."""
        return any(passage.outcome is not Outcome.KEPT for passage in self.passages)

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "feature_name": self.feature_name,
            "before": self.before,
            "filters": [passage.as_dict() for passage in self.passages],
            "after": self.after,
        }


def trace(record: FeatureRecord, steps: Sequence[FilterStep]) -> Trace:
    """Return what happens to a record; it stays as it is itself.

    Args:
        record: one that may be copied.
        steps: the filters, in their order.
    """
    passages = []
    current: FeatureRecord | None = deepcopy(record)
    for step in steps:
        if current is None:
            break
        before = deepcopy(current.as_dict())
        try:
            current = step.apply(current)
            if current is not None:
                check_result(current)
        except BaseException as error:
            if is_interrupt(error):
                raise
            current = None
            passages.append(Passage(step.name, Outcome.FAILED))
            continue
        passages.append(_passage(step.name, before, current))
    after = None if current is None else current.as_dict()
    return Trace(record.feature_name, record.as_dict(), tuple(passages), after)


def _passage(name: str, before: dict[str, Any], after: FeatureRecord | None) -> Passage:
    if after is None:
        return Passage(name, Outcome.DROPPED)
    changes = tuple(changes_between(before, after.as_dict()))
    return Passage(name, Outcome.CHANGED if changes else Outcome.KEPT, changes)


def changes_between(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    """Yield every value that differs, by the dotted path that leads to it."""
    old, new = dict(_leaves(before, ())), dict(_leaves(after, ()))
    for path, value in old.items():
        if path not in new or new[path] != value:
            yield Change(_field(path), value, new.get(path, NOTHING))
    for path, value in new.items():
        if path not in old:
            yield Change(_field(path), NOTHING, value)


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield (path, value) of whatever holds no other values; an empty container is such a value itself."""
    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        inner = list(enumerate(value))
    if not inner:
        yield path, value
    for step, part in inner:
        yield from _leaves(part, (*path, step))


def _field(path: Path) -> str:
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(parts).removeprefix(".")
