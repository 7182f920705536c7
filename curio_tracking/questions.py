"""Questions: what can be asked of a tracker in Python. Light to import, like the tracker, which has them.

Each question goes to a `Reader` of its own, after a flush: the calls of this very process are in the answer.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from curio_tracking.reader import Reader
    from curio_tracking.records import FeatureRecord
    from curio_tracking.vocabulary import FeatureCategory, FeatureStatus

    _R = TypeVar("_R")


class Questions:
    """What has a store, and answers questions about it."""

    def reader(self) -> Reader:
        """Return a new reader over the store, after a flush; the caller closes it."""
        raise NotImplementedError

    def records(
        self,
        feature_name: str | None = None,
        category: FeatureCategory | str | None = None,
        status: FeatureStatus | str | None = None,
        user_id: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int = 100,
    ) -> list[FeatureRecord]:
        """Return records, newest first, this process's own calls included.

        Args:
            user_id: the plain id. since, until: `7d`, `12h`, `2026-11-01`, ISO 8601. limit: 0 for all.

        Raises:
            QueryError, UnknownNameError: a time, category or status cannot be understood.
        """

        def ask(reader: Reader) -> list[FeatureRecord]:
            where = reader.where(
                feature_name=feature_name,
                category=category,
                status=status,
                user_id=user_id,
                since=since,
                until=until,
                limit=limit,
            )
            return list(reader.records(where))

        return self._ask(ask)

    def stats(
        self,
        feature_name: str,
        category: FeatureCategory | str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> dict[str, Any] | None:
        """Return the statistics of one feature under their public names; None if nothing is known of it."""

        def ask(reader: Reader) -> dict[str, Any] | None:
            where = reader.where(feature_name=feature_name, category=category, since=since, until=until)
            summary = reader.feature(where)
            return None if summary is None else summary.as_dict()

        return self._ask(ask)

    def top_features(
        self,
        limit: int = 10,
        category: FeatureCategory | str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return the statistics of the most used features, most calls first; limit 0: all."""

        def ask(reader: Reader) -> list[dict[str, Any]]:
            where = reader.where(category=category, since=since, until=until)
            return [summary.as_dict() for summary in reader.features(where, limit)]

        return self._ask(ask)

    def _ask(self, question: Callable[[Reader], _R]) -> _R:
        reader = self.reader()
        try:
            return question(reader)
        finally:
            reader.close()
