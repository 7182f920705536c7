"""The performance page: how long each feature takes, and how efficient it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking.dashboard.filter_form import filter_form
from curio_tracking.dashboard.rendering import render as render_template
from curio_tracking.dashboard.scope import Scope, page_url, read_limit
from curio_tracking.dashboard.totals import overall
from curio_tracking.dashboard.views.rows import feature_rows
from curio_tracking.dashboard.views.sorting import headings, in_order, read_sort

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.reader import Reader

_COLUMNS: Final = {
    "feature_name": "Feature",
    "total_calls": "Calls",
    "total_duration": "Total time",
    "avg_duration": "Average",
    "p50_duration": "Median",
    "p95_duration": "95th percentile",
    "p99_duration": "99th percentile",
    "max_duration": "Longest",
    "avg_efficiency": "Efficiency",
}


def render(reader: Reader, query: Mapping[str, str]) -> str:
    """Return the body of the page."""
    scope = Scope.of(query)
    sort = read_sort(query, "total_duration")
    limit = read_limit(query)
    path = page_url("performance")
    called = [part for part in reader.features(scope.where(reader)) if part.weight]
    total = overall(called)
    return render_template(
        "performance",
        form=filter_form(reader, query, "performance"),
        is_filtered=scope.is_filtered,
        headings=headings(_COLUMNS, sort, scope, path),
        rows=feature_rows(in_order(called, sort)[:limit], scope),
        feature_count=len(called),
        total=total.as_dict(),
        total_seconds=total.mean_duration.total,
        more_url=scope.url(path, sort=query.get("sort", ""), limit="0") if len(called) > limit else None,
    )
