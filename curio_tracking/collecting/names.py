"""FeatureNames: bounds how many different features one process may bring into a store. Used by `delivery`.

Rollups keep kilobytes per feature: a name that holds an id or a path would fill the host's memory. Looked at after the
filters: a name that one of them drops or changes takes no room, and an excluded one is never met here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from curio_tracking.collecting.guard import Guard
    from curio_tracking.records import FeatureRecord

MOST_FEATURES: Final = 10_000
OTHER_FEATURES: Final = "(other features)"
"""What calls beyond the bound are recorded as; their category and all their details stay."""


class FeatureNames:
    """The names that one pipeline has stored so far."""

    def __init__(self, most: int = MOST_FEATURES) -> None:
        self._most = most
        self._known: set[str] = set()

    def bound(self, records: list[FeatureRecord], guard: Guard) -> None:
        """Give records of names beyond the bound the name of the overflow; each is counted, the first is reported."""
        known = self._known
        for record in records:
            if record.feature_name not in known:
                self._meet(record, guard)

    def _meet(self, record: FeatureRecord, guard: Guard) -> None:
        if len(self._known) < self._most:
            self._known.add(record.feature_name)
            return
        record.feature_name = OTHER_FEATURES
        guard.report(
            "feature_names",
            f"more than {self._most:,} different feature names in this process; calls of further ones are recorded as "
            f'"{OTHER_FEATURES}": put what varies (an id, a path) into metadata',
        )
