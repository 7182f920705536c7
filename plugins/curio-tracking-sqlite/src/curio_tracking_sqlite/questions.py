"""Questions as SQL: the conditions of a `RecordQuery` on the table `records`, and the index that finds them.

The index is named in the statement (INDEXED BY), so that the plan does not depend on statistics of the tables: what
narrows most comes first. Many ids are asked for in parts, as a statement takes a bounded number of values.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.records import FeatureStatus
from curio_tracking_sqlite import schema
from curio_tracking_sqlite.texts import clamped, stored_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.queries import RecordQuery

MOST_VALUES: Final = 500
"""Ids in one statement; SQLite takes at least 999 values."""
_FEW_USERS: Final = 16
"""Asked for one by one, users come newest first out of their index; of more, all records are sorted."""


class Conditions:
    """Conditions that all must hold.

    Attributes:
        values: what stands for the question marks of `text`.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.values: list[Any] = []

    def add(self, text: str, *values: Any) -> None:
        """Add a condition and the values of its question marks."""
        self._parts.append(text)
        self.values += values

    @property
    def text(self) -> str:
        """The conditions as SQL, to stand behind WHERE."""
        return " AND ".join(self._parts) or "TRUE"


def conditions(query: RecordQuery) -> Conditions:
    """Return the conditions of a query, but for its limit; of ids it has no more than `MOST_VALUES`."""
    found = Conditions()
    dimensions(query, found)
    for name, ids in (("user_id", query.user_ids), ("record_id", query.record_ids)):
        if ids is not None and len(ids) == 1:
            found.add(f"{name} = ?", *map(stored_text, ids))
        elif ids is not None:
            found.add(f"{name} IN ({', '.join('?' * len(ids))})", *map(stored_text, sorted(ids)))
    if query.since_us is not None:
        found.add("start_us >= ?", clamped(query.since_us))
    if query.until_us is not None:
        found.add("start_us < ?", clamped(query.until_us))
    return found


def dimensions(query: RecordQuery, found: Conditions) -> None:
    """Add the conditions on what totals can be told apart by, time aside."""
    if query.feature_name is not None:
        found.add("feature_name = ?", stored_text(query.feature_name))
    if query.category is not None:
        found.add("category = ?", stored_text(query.category))
    if query.status is not None:
        found.add("status = ?", query.status.value)


def index_for(query: RecordQuery) -> str:
    """Return the index that finds the records of a query with the fewest others."""
    if query.record_ids is not None:
        return schema.BY_ID
    if query.user_ids is not None:
        return schema.BY_USER
    if query.feature_name is not None:
        return schema.BY_FEATURE
    if query.status not in (None, FeatureStatus.SUCCESS):
        return schema.BY_STATUS  # failures are few
    if query.category is not None:
        return schema.BY_CATEGORY
    return schema.BY_STATUS if query.status is not None else schema.BY_TIME


def parts_of(query: RecordQuery) -> Iterator[RecordQuery]:
    """Yield queries with few ids each, that find together what this one finds, and no record twice."""
    users = _chunks(query.user_ids, 1 if len(query.user_ids or ()) <= _FEW_USERS else MOST_VALUES)
    for user_ids, record_ids in product(users, _chunks(query.record_ids, MOST_VALUES)):
        yield replace(query, user_ids=user_ids, record_ids=record_ids)


def _chunks(ids: frozenset[str] | None, size: int) -> list[frozenset[str] | None]:
    if ids is None:
        return [None]
    ordered = sorted(ids)
    return [frozenset(ordered[start : start + size]) for start in range(0, len(ordered), size)]
