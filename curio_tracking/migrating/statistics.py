"""Statistics: whether a store counts what its records say, compared with a naive fold of the records that went there.

Means are sums of floats, so they may differ in the last digits where the order of adding differs; all else is exact.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from curio_tracking.summaries import STATISTICS, Summary, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curio_tracking.records import FeatureRecord

GROUPS: Final = ("feature_name", "category")
TOLERANCE: Final = 1e-9
Totals: TypeAlias = "dict[tuple[str | None, ...], Summary]"


class Expected:
    """The statistics that records which pass by amount to."""

    def __init__(self) -> None:
        self._totals: Totals = {}

    def add(self, records: Iterable[FeatureRecord]) -> None:
        """Count records."""
        for key, summary in fold(records, GROUPS).items():
            if key in self._totals:
                self._totals[key].merge(summary)
            else:
                self._totals[key] = summary

    @property
    def weight(self) -> float:
        """How many calls were counted."""
        return sum(summary.weight for summary in self._totals.values())

    def differences(self, found: Iterable[Summary]) -> Iterator[str]:
        """Yield what differs in the summaries of a store, grouped by `GROUPS`: one sentence per feature."""
        others = {(one.feature_name, one.category): one for one in found if one.weight}
        for key in sorted(self._totals.keys() | others.keys(), key=str):
            ours = self._totals.get(key, Summary()).as_dict()
            theirs = others.get((key[0], key[1]), Summary()).as_dict()
            wrong = [name for name in STATISTICS if name not in GROUPS and not _is_equal(ours[name], theirs[name])]
            if wrong:
                name = wrong[0]
                yield f'"{key[0]}" ({key[1]}): {name} is {theirs[name]} instead of {ours[name]}'


def _is_equal(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return isclose(ours, theirs, rel_tol=TOLERANCE)
    return bool(ours == theirs)
