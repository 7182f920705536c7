"""Rows of the pages' tables: a feature's or a call's figures, with the addresses they link to.

Between the reader's answers and the templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.dashboard.scope import Scope, page_url, with_query
from curio_tracking.records import FeatureRecord, FeatureStatus, iso_time

if TYPE_CHECKING:
    from curio_tracking.summaries import Summary

TONES: Final = {
    FeatureStatus.SUCCESS: "success",
    FeatureStatus.PARTIAL: "partial",
    FeatureStatus.FAILED: "failed",
    FeatureStatus.TIMEOUT: "timeout",
}
"""Statuses from good to bad, and the CSS tone of each."""


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A feature (or category) in a table.

    Attributes:
        figures: what `Summary.as_dict` says.
        last_us: its latest call. total_seconds: of all its calls together.
        url: its own page, with the filters of the page that links to it.
    """

    figures: dict[str, Any]
    last_us: int | None
    total_seconds: float
    url: str


def feature_rows(parts: list[Summary], scope: Scope) -> list[FeatureRow]:
    """Return a row per summary, in the same order."""
    return [
        FeatureRow(
            part.as_dict(),
            part.last_us,
            part.mean_duration.total,
            scope.url(page_url("features"), feature_name=part.feature_name or ""),
        )
        for part in parts
    ]


def category_rows(parts: list[Summary], scope: Scope) -> list[FeatureRow]:
    """Return a row per summary of a category; each links to its features."""
    return [
        FeatureRow(
            part.as_dict(),
            part.last_us,
            part.mean_duration.total,
            scope.url(page_url("features"), category=part.category or ""),
        )
        for part in parts
    ]


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call in a table; `url` leads to all that is known of it, `feature_url` to its feature."""

    record: FeatureRecord
    url: str
    feature_url: str


def call_rows(records: list[FeatureRecord], scope: Scope) -> list[CallRow]:
    """Return a row per record, in the same order."""
    features = page_url("features")
    return [
        CallRow(record, call_url(record), scope.url(features, feature_name=record.feature_name)) for record in records
    ]


def call_url(record: FeatureRecord) -> str:
    """Return the address of one call; its start spares the store looking through everything."""
    given = {"record_id": record.record_id, "start_time": iso_time(record.start_us)}
    return with_query(page_url("calls"), given)


@dataclass(frozen=True, slots=True)
class StatusRow:
    """How many calls ended with a status, and their share of all (0..1)."""

    name: str
    tone: str
    count: int
    share: float


def status_rows(total: Summary) -> list[StatusRow]:
    """Return a row per status, from good to bad."""
    return [
        StatusRow(status.value, tone, total.count(status), total.statuses.get(status, 0.0) / (total.weight or 1.0))
        for status, tone in TONES.items()
    ]
