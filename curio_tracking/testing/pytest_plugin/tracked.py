"""What a test gets from the fixture `tracked`: the records that the default tracker has made since the test began.

Every question waits for the writer first, so that a call is seen as soon as it has returned.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.errors import CurioError
from curio_tracking.summaries import Summary
from curio_tracking.tracker import feature_tracker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.records import FeatureRecord
    from curio_tracking.testing.pytest_plugin.lent_tracker import LentTracker
    from curio_tracking.vocabulary import FeatureCategory, FeatureStatus

LONGEST_WAIT: Final = 5.0
"""Seconds until the records of a test must be written."""


class TrackedRecords:
    """The records of one test; `len` counts them, iterating yields them in the order of their calls."""

    def __init__(self, loan: LentTracker) -> None:
        """Args: the default tracker, lent to this test."""
        self._loan = loan
        self._cleared: set[str] = set()

    def records(
        self,
        feature_name: str | None = None,
        category: FeatureCategory | str | None = None,
        status: FeatureStatus | str | None = None,
        user_id: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int = 0,
    ) -> list[FeatureRecord]:
        """Return records of this test, newest first.

        Args: as `feature_tracker.records`; all records unless a limit says otherwise.

        Raises:
            QueryError, UnknownNameError: a time, category or status cannot be understood.
            CurioError: the records could not be written.
        """
        _wait()
        found = feature_tracker.records(feature_name, category, status, user_id, since, until, limit=0)
        # a project may have chosen one store for all its tests
        mine = [record for record in found if self._loan.is_mine(record) and record.record_id not in self._cleared]
        return mine[:limit] if limit else mine

    def stats(self, feature_name: str) -> dict[str, Any] | None:
        """Return the statistics of one feature under their public names; None if this test has not called it."""
        records = self.records(feature_name)
        if not records:
            return None
        categories = {record.category for record in records}
        total = Summary({"feature_name": feature_name, "category": categories.pop() if len(categories) == 1 else None})
        for record in records:
            total.add(record)
        return total.as_dict()

    def names(self) -> set[str]:
        """Return the names of the features that were called."""
        return {record.feature_name for record in self.records()}

    def counts(self) -> dict[str, int]:
        """Return how many calls each feature had; features without calls are left out."""
        calls: Counter[str] = Counter()
        for record in self.records():
            calls[record.feature_name] += round(record.sample_weight)
        return dict(calls)

    def calls(self, feature_name: str) -> int:
        """Return how many calls the feature had."""
        return self.counts().get(feature_name, 0)

    def one(self, feature_name: str | None = None) -> FeatureRecord:
        """Return the one record of a feature that was called once; without a name, the only record of the test.

        Raises:
            AssertionError: there is none, or more than one; the message says what was recorded.
        """
        __tracebackhide__ = True  # pytest shows the line of the test that asked
        found = self.records(feature_name)
        if len(found) != 1:
            wanted = "1 record" if feature_name is None else f'1 record of "{feature_name}"'
            raise AssertionError(f"expected {wanted}, found {len(found)}; {self._summary()}")
        return found[0]

    def clear(self) -> None:
        """Forget the records so far, for example those of a fixture; the store keeps them."""
        self._cleared |= {record.record_id for record in self.records()}

    def __len__(self) -> int:
        return len(self.records())

    def __bool__(self) -> bool:
        return True  # the object, not its records: `if tracked:` would be one more way to ask for len()

    def __iter__(self) -> Iterator[FeatureRecord]:
        return reversed(self.records())

    def __contains__(self, feature_name: object) -> bool:
        return feature_name in self.names()

    def __repr__(self) -> str:
        try:
            return f"<tracked: {self._summary()}>"
        except Exception as error:  # what a failed assertion prints must not fail itself
            return f"<tracked: {error}>"

    def _summary(self) -> str:
        calls: dict[str, Counter[str]] = {}
        for record in self:
            calls.setdefault(record.feature_name, Counter())[record.status] += round(record.sample_weight)
        if not calls:
            return "this test recorded nothing"
        return "this test recorded " + ", ".join(_counted(name, by_status) for name, by_status in calls.items())


def _counted(name: str, by_status: Counter[str]) -> str:
    """Return `parse 3 (1 failed)`."""
    others = ", ".join(f"{count} {status}" for status, count in by_status.items() if status != "success")
    return f"{name} {by_status.total()}" + (f" ({others})" if others else "")


def _wait() -> None:
    if not feature_tracker.flush(LONGEST_WAIT):
        raise CurioError(
            f"the records of this test were not written within {LONGEST_WAIT:g} s; the log of curio_tracking says why. "
            f"Counts: {feature_tracker.health()}"
        )
