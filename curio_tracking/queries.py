"""What a reader may ask a store: which records, over what time, grouped how.

Queries are plain values: they carry stored ids (pseudonyms) and microseconds, so a backend never needs to know about
settings, keys or time zones. `curio_tracking.reader` turns what a person typed into them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from curio_tracking.errors import QueryError
from curio_tracking.records import FeatureRecord, FeatureStatus, to_microseconds

GROUPABLE: Final = ("feature_name", "category", "status", "app", "version", "environment", "user_id")
_AGE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.IGNORECASE | re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Which records; None means "any".

    Attributes:
        feature_name, category, status: equal to.
        user_ids: stored user ids (pseudonyms), any of them.
        since_us, until_us: `since_us <= start < until_us`, microseconds since 1970 UTC.
        limit: at most so many, newest first; 0 for all.
        record_ids: only these records.
    """

    feature_name: str | None = None
    category: str | None = None
    status: FeatureStatus | None = None
    user_ids: frozenset[str] | None = None
    since_us: int | None = None
    until_us: int | None = None
    limit: int = 0
    record_ids: frozenset[str] | None = None

    def matches(self, record: FeatureRecord) -> bool:
        """Whether the record fulfils every condition but the limit."""
        return (
            (self.feature_name is None or record.feature_name == self.feature_name)
            and (self.category is None or record.category == self.category)
            and (self.status is None or record.status == self.status)
            and (self.since_us is None or record.start_us >= self.since_us)
            and (self.until_us is None or record.start_us < self.until_us)
            and (self.user_ids is None or record.user_id in self.user_ids)
            and (self.record_ids is None or record.record_id in self.record_ids)
        )


@dataclass(frozen=True, slots=True)
class SummaryQuery:
    """Which totals: the records of `where` (its limit is ignored), one `Summary` per value of `group_by`.

    Attributes:
        where: the records that count.
        group_by: names out of `GROUPABLE`; empty for one summary of everything.
    """

    where: RecordQuery = RecordQuery()
    group_by: tuple[str, ...] = ("feature_name", "category")

    def __post_init__(self) -> None:
        for name in self.group_by:
            if name not in GROUPABLE:
                raise QueryError(f'cannot group by "{name}"; possible: {", ".join(GROUPABLE)}')


def parse_time(text: str, now: datetime) -> datetime:
    """Return the moment that `7d`, `12h`, `30m`, `2026-11-01` or ISO 8601 text names; without a zone it is UTC.

    Args:
        text: an age back from `now`, or a date, or a date and time.
        now: an aware datetime.

    Raises:
        QueryError: the text is neither.
    """
    text = text.strip()
    age = _AGE.fullmatch(text)
    try:
        if age:
            return now - timedelta(**{_UNITS[age[2].lower()]: float(age[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise QueryError(
            f'cannot read the time "{text}"; give an age such as 7d, 12h or 30m, or a date such as 2026-11-01'
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def time_range(since: str | None, until: str | None, now: datetime | None = None) -> tuple[int | None, int | None]:
    """Return (since_us, until_us) of what a person typed.

    Raises:
        QueryError: a text is no time, or the range ends before it starts.
    """
    now = now or datetime.now(UTC)
    since_us = to_microseconds(parse_time(since, now)) if since else None
    until_us = to_microseconds(parse_time(until, now)) if until else None
    if since_us is not None and until_us is not None and until_us <= since_us:
        raise QueryError(f'the time range is empty: until "{until}" is not after since "{since}"')
    return since_us, until_us
