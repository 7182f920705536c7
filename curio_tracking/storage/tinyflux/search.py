"""What a stock TinyFlux query says about the records it can find, as a `RecordQuery` that leaves none of them out.

Pure analysis for `stock` and `handle`: it narrows what is read, the query itself decides. TinyFlux 1.x keeps what a
simple query compares in its `_hash`: (attribute, comparison, path, value); what looks different narrows nothing.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tinyflux import TimeQuery
from tinyflux.queries import CompoundQuery, SimpleQuery

from curio_tracking.errors import QueryError
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureStatus, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Query: TypeAlias = SimpleQuery | CompoundQuery

NOTHING: Final = RecordQuery(since_us=0, until_us=0)
"""What no record can match."""
_COMPARISONS: Final[dict[str, Callable[[Any, datetime], SimpleQuery]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TAGS: Final = frozenset({"category", "status", "record_id", "user_id"})
_STATUSES: Final = frozenset(status.value for status in FeatureStatus)


def bounds_of(query: Query) -> RecordQuery:
    """Return conditions that every record fulfils which the query accepts.

    Narrow are: comparisons of the time, equality of the measurement and of the tags category, status, record_id and
    user_id, and what `&` and `|` make of them. Everything else (`~`, `!=`, fields, other tags, `test`, `map`, regular
    expressions) narrows nothing.

    Args:
        query: a query out of `resolved`.
    """
    return _bounds(query).as_query()


def resolved(query: Any) -> Query:
    """Return the query with every moment that it compares with in UTC; a moment without a zone is local time.

    So does TinyFlux's index; without one it finds nothing for a moment without a zone, because Python does not compare
    that with a point's time.

    Raises:
        QueryError: this is no complete TinyFlux query, or a moment is too early or late to be converted.
    """
    if isinstance(query, CompoundQuery):
        first = resolved(query.query1)
        second = resolved(query.query2) if query.query2 else None
        if first is query.query1 and second is query.query2:
            return query
        return CompoundQuery(first, second, query.operator, query._hash)
    if not isinstance(query, SimpleQuery):
        raise QueryError(f'{query!r} is no complete TinyFlux query; give one such as TagQuery().status == "failed"')
    attribute, comparison, _path, moment = _parts(query)
    if attribute != "_time" or not isinstance(moment, datetime) or moment.tzinfo is UTC:
        return query
    try:
        return _COMPARISONS[comparison](TimeQuery(), moment.astimezone(UTC))
    except (OverflowError, ValueError, OSError):
        raise QueryError(f"the time {moment} cannot be converted to UTC; give it in UTC (tzinfo=UTC)") from None


@dataclass(frozen=True, slots=True)
class _Bounds:
    """A range of starts, and per field the only values possible; a field that is not named may hold anything."""

    since_us: int | None = None
    until_us: int | None = None
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def are_impossible(self) -> bool:
        if self.since_us is not None and self.until_us is not None and self.since_us >= self.until_us:
            return True
        return not all(self.values.values())

    def __and__(self, other: _Bounds) -> _Bounds:
        return _Bounds(
            max((since for since in (self.since_us, other.since_us) if since is not None), default=None),
            min((until for until in (self.until_us, other.until_us) if until is not None), default=None),
            {**self.values, **other.values}
            | {name: self.values[name] & other.values[name] for name in self.values.keys() & other.values.keys()},
        )

    def __or__(self, other: _Bounds) -> _Bounds:
        if self.are_impossible:
            return other
        if other.are_impossible:
            return self
        return _Bounds(
            None if self.since_us is None or other.since_us is None else min(self.since_us, other.since_us),
            None if self.until_us is None or other.until_us is None else max(self.until_us, other.until_us),
            {name: self.values[name] | other.values[name] for name in self.values.keys() & other.values.keys()},
        )

    def as_query(self) -> RecordQuery:
        if self.are_impossible:
            return NOTHING
        single = {name: next(iter(texts)) for name, texts in self.values.items() if len(texts) == 1}
        return RecordQuery(
            feature_name=single.get("feature_name"),
            category=single.get("category"),
            status=FeatureStatus(single["status"]) if "status" in single else None,
            user_ids=self.values.get("user_id"),
            record_ids=self.values.get("record_id"),
            since_us=self.since_us,
            until_us=self.until_us,
        )


def _bounds(query: Query) -> _Bounds:
    if isinstance(query, SimpleQuery):
        return _simple_bounds(*_parts(query))
    if query.query2 is not None and query.operator is operator.and_:
        return _bounds(query.query1) & _bounds(query.query2)
    if query.query2 is not None and query.operator is operator.or_:
        return _bounds(query.query1) | _bounds(query.query2)
    return _Bounds()


def _parts(query: SimpleQuery) -> tuple[str, str, tuple[Any, ...], Any]:
    """Return (attribute, comparison, path, value); empty ones of a query that is no plain comparison."""
    known = query._hash
    if isinstance(known, tuple) and len(known) == 4 and known[1] in _COMPARISONS:
        return known
    return "", "", (), None


def _simple_bounds(attribute: str, comparison: str, path: tuple[Any, ...], value: Any) -> _Bounds:
    if attribute == "_time" and isinstance(value, datetime):
        return _time_bounds(comparison, to_microseconds(value))
    if comparison != "==" or not isinstance(value, str):
        return _Bounds()
    # the plain text of an Enum that is a str as well
    possible = frozenset({str.__str__(value)})
    if attribute == "_measurement":
        return _Bounds(values={"feature_name": possible})
    if attribute == "_tags" and len(path) == 1 and path[0] in _TAGS:
        return _Bounds(values={path[0]: possible & _STATUSES if path[0] == "status" else possible})
    return _Bounds()


def _time_bounds(comparison: str, microseconds: int) -> _Bounds:
    # one microsecond more than < and > need: there are datetimes with nanoseconds, which are cut here
    since = microseconds if comparison in ("==", ">", ">=") else None
    until = microseconds + 1 if comparison in ("==", "<", "<=") else None
    return _Bounds(since, until)
