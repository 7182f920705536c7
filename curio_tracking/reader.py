"""Reader: what the CLI, the dashboard and the API ask of a store, in people's words.

It checks names and times, finds a user's pseudonyms, sorts, and leaves everything else to the backend. Built by
`runtime.open_reader`; writes nothing.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from curio_tracking.errors import UnknownNameError
from curio_tracking.interfaces import Explaining
from curio_tracking.queries import RecordQuery, SummaryQuery, time_range
from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from curio_tracking.interfaces import StorageBackend


class Reader:
    """Answers questions about the records of one store."""

    def __init__(
        self,
        backend: StorageBackend,
        categories: Sequence[str],
        stored_user_ids: Callable[[str], frozenset[str]],
        processes: Callable[[], list[dict[str, Any]]] = list,
    ) -> None:
        """Take what there is.

        Args:
            backend: open.
            categories: every known one.
            stored_user_ids: turns a user id into the ids it is stored under.
            processes: tells how the processes are that track into the store.
        """
        self.backend = backend
        self.categories = tuple(categories)
        self._stored_user_ids = stored_user_ids
        self._processes = processes

    def where(
        self,
        *,
        feature_name: str | None = None,
        category: str | None = None,
        status: str | None = None,
        user_id: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int = 0,
        now: datetime | None = None,
    ) -> RecordQuery:
        """Return the query for what a person typed; None and empty text mean "any".

        Args:
            category: a known category, in any case, or one that the store has.
            status: success, failed, partial or timeout, in any case.
            user_id: the plain id, as the application knows it.
            since, until: `7d`, `12h`, `2026-11-01`, ISO 8601. limit: newest so many; 0 for all.

        Raises:
            UnknownNameError: no such category or status. QueryError: no such time, or an empty range.
        """
        since_us, until_us = time_range(since or None, until or None, now)
        return RecordQuery(
            feature_name=feature_name or None,
            category=self._category(category) if category else None,
            status=FeatureStatus(choose("status", status, list(FeatureStatus))) if status else None,
            user_ids=self._stored_user_ids(user_id) if user_id else None,
            since_us=since_us,
            until_us=until_us,
            limit=limit,
        )

    def _category(self, given: str) -> str:
        """Return the category that is meant; the store is asked only about one that no installed plugin knows.

        Raises:
            UnknownNameError: it is neither known nor stored.
        """
        if _plain(given) in self.categories:
            return _plain(given)
        named = {part.category for part in self.features(RecordQuery()) if part.category}
        stored = sorted(named.difference(self.categories))
        if given in stored:
            return given
        spelling = {_plain(name): name for name in stored}
        if _plain(given) in spelling:
            return spelling[_plain(given)]
        raise UnknownNameError(_unknown("category", given, self.categories, stored))

    def records(self, where: RecordQuery) -> Iterator[FeatureRecord]:
        """Yield records, newest first."""
        return self.backend.records(where)

    def remarks(self, where: RecordQuery) -> list[str]:
        """Return what a person who asks for the totals of `where` should know: what makes them slow or inexact."""
        backend = self.backend
        return backend.remarks(SummaryQuery(where)) if isinstance(backend, Explaining) else []

    def features(self, where: RecordQuery, limit: int = 0) -> list[Summary]:
        """Return one summary per feature and category, most calls first; declared, uncalled ones last. 0: all."""
        found = self.backend.summaries(SummaryQuery(where, ("feature_name", "category")))
        ranked = sorted(
            found, key=lambda summary: (-summary.weight, summary.feature_name or "", summary.category or "")
        )
        return ranked[:limit] if limit else ranked

    def feature(self, where: RecordQuery) -> Summary | None:
        """Return the totals of the feature `where` names, over its categories; None if nothing is known of it."""
        parts = self.features(where)
        if not parts:
            return None
        categories = {part.category for part in parts}
        total = Summary(
            {"feature_name": where.feature_name, "category": categories.pop() if len(categories) == 1 else None}
        )
        for part in parts:
            total.merge(part)
        return total

    def by_category(self, where: RecordQuery) -> list[Summary]:
        """Return one summary per category with calls, most calls first."""
        found = self.backend.summaries(SummaryQuery(where, ("category",)))
        return sorted((part for part in found if part.weight), key=lambda part: (-part.weight, part.category or ""))

    def overall(self, where: RecordQuery) -> Summary:
        """Return the totals of everything; an empty summary for an empty store."""
        total = Summary()
        for part in self.backend.summaries(SummaryQuery(where, ())):
            total.merge(part)
        return total

    def processes(self) -> list[dict[str, Any]]:
        """Return how the processes are that track into this store, or did: the last started first.

        Returns:
            The keys of `curio_tracking.health.PROCESS_FIELDS` and `HEALTH_FIELDS` of each. A process whose backend
            serves no other (`memory`) is not among them: its records are nobody else's either.

        Raises:
            StorageError: this user may not look.
        """
        return self._processes()

    def close(self) -> None:
        """Release the backend."""
        self.backend.close()


def choose(kind: str, given: str, known: Sequence[str]) -> str:
    """Return the name out of `known` that `given` means (case, `-` for `_` and blanks aside).

    Raises:
        UnknownNameError: there is none; the message lists what there is and the nearest.
    """
    name = _plain(given)
    if name in known:
        return str(name)
    raise UnknownNameError(_unknown(kind, given, known))


def _plain(given: str) -> str:
    return given.strip().lower().replace("-", "_")


def _unknown(kind: str, given: str, known: Sequence[str], stored: Sequence[str] = ()) -> str:
    near = get_close_matches(_plain(given), [*known, *stored], n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    beside = f"; in the store: {', '.join(stored)}" if stored else ""
    return f'unknown {kind} "{given}"; known: {", ".join(known)}{beside}{hint}'
