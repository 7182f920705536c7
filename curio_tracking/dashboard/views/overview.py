"""The overview: overall figures, usage by category, top features, performance and efficiency, recent calls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from curio_tracking.dashboard.filter_form import filter_form
from curio_tracking.dashboard.rendering import render as render_template
from curio_tracking.dashboard.scope import Scope, page_url
from curio_tracking.dashboard.totals import by_category, overall
from curio_tracking.dashboard.views.rows import call_rows, category_rows, feature_rows, status_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.reader import Reader

TOP: Final = 10


def render(reader: Reader, query: Mapping[str, str]) -> str:
    """Return the body of the page."""
    scope = Scope.of(query)
    parts = reader.features(scope.where(reader))
    called = [part for part in parts if part.weight]
    total = overall(called)
    slowest = sorted(called, key=lambda part: -part.mean_duration.total)
    return render_template(
        "overview",
        form=filter_form(reader, query, "overview"),
        is_filtered=scope.is_filtered,
        total=total.as_dict(),
        statuses=status_rows(total),
        feature_count=len({part.feature_name for part in called}),
        uncalled_count=len({part.feature_name for part in parts} - {part.feature_name for part in called}),
        categories=category_rows(by_category(called), scope),
        features=feature_rows(called[:TOP], scope),
        performance=feature_rows(slowest[:TOP], scope),
        calls=call_rows(list(reader.records(scope.where(reader, TOP))), scope),
        more={slug: scope.url(page_url(slug)) for slug in ("features", "performance", "calls")},
        now=datetime.now(UTC),
    )
