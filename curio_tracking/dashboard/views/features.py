"""The features page: all features, called or not; with `feature_name` in the address, one of them in full."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from curio_tracking.dashboard.distribution import steps
from curio_tracking.dashboard.filter_form import filter_form
from curio_tracking.dashboard.rendering import render as render_template
from curio_tracking.dashboard.scope import Scope, page_url, read_limit
from curio_tracking.dashboard.totals import feature_totals
from curio_tracking.dashboard.views.rows import CallRow, call_rows, feature_rows, status_rows
from curio_tracking.dashboard.views.sorting import headings, in_order, read_sort
from curio_tracking.records import FeatureRecord, FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.reader import Reader

RECENT: Final = 20
FAILURES: Final = 200
_COLUMNS: Final = {
    "feature_name": "Feature",
    "category": "Category",
    "total_calls": "Calls",
    "success_rate": "Success",
    "avg_duration": "Average",
    "p95_duration": "95th percentile",
    "avg_efficiency": "Efficiency",
    "last_used": "Last used",
}


def render(reader: Reader, query: Mapping[str, str]) -> str:
    """Return the body of the page."""
    scope = Scope.of(query)
    return _one(reader, query, scope) if scope.feature_name else _all(reader, query, scope)


def _all(reader: Reader, query: Mapping[str, str], scope: Scope) -> str:
    sort = read_sort(query, "total_calls")
    limit = read_limit(query)
    path = page_url("features")
    parts = in_order(reader.features(scope.where(reader)), sort)
    return render_template(
        "features",
        form=filter_form(reader, query, "features"),
        is_filtered=scope.is_filtered,
        headings=headings(_COLUMNS, sort, scope, path),
        rows=feature_rows(parts[:limit], scope),
        feature_count=len(parts),
        most_calls=max((part.weight for part in parts), default=0.0),
        more_url=scope.url(path, sort=query.get("sort", ""), limit="0") if len(parts) > limit else None,
        now=datetime.now(UTC),
    )


def _one(reader: Reader, query: Mapping[str, str], scope: Scope) -> str:
    total = feature_totals(reader, scope)
    found = steps(total.durations)
    failures = _failures(reader, scope)
    return render_template(
        "feature",
        form=filter_form(reader, query, "features"),
        is_filtered=scope.is_filtered,
        feature_name=scope.feature_name,
        total=total.as_dict(),
        statuses=status_rows(total),
        steps=found,
        most_weight=max((step.weight for step in found), default=0.0),
        errors=_errors(failures, scope),
        failure_count=len(failures),
        calls=call_rows(list(reader.records(scope.where(reader, RECENT))), scope),
        calls_url=scope.url(page_url("calls"), feature_name=scope.feature_name),
        all_url=scope.url(page_url("features")),
        now=datetime.now(UTC),
    )


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One kind of error among the latest failures: how many, and the last of them."""

    error_type: str
    count: int
    last: CallRow


def _failures(reader: Reader, scope: Scope) -> list[FeatureRecord]:
    """Return the latest calls that failed or timed out, newest first."""
    where = scope.where(reader, FAILURES)
    wanted = (FeatureStatus.FAILED, FeatureStatus.TIMEOUT)
    found = [
        record
        for status in wanted
        if where.status in (None, status)
        for record in reader.records(replace(where, status=status))
    ]
    return sorted(found, key=lambda record: (-record.start_us, record.record_id))[:FAILURES]


def _errors(failures: list[FeatureRecord], scope: Scope) -> list[ErrorRow]:
    """Return the failures by type of error, the most frequent first."""
    kinds = [record.error_type or record.status.value for record in failures]
    latest = dict(zip(reversed(kinds), reversed(failures), strict=True))
    counted = Counter(kinds).most_common()
    rows = call_rows([latest[kind] for kind, _ in counted], scope)
    return [ErrorRow(kind, count, row) for (kind, count), row in zip(counted, rows, strict=True)]
