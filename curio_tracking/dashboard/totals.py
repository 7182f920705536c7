"""Totals beyond those the reader gives: of one feature within the filters, and of groups of features.

The groups are merged from the features' own totals: one question to the store, and figures that agree. Between the
reader and the pages; knows no Bottle and no HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.dashboard.problems import NotFoundError
from curio_tracking.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curio_tracking.dashboard.scope import Scope
    from curio_tracking.reader import Reader


def overall(parts: Iterable[Summary]) -> Summary:
    """Return the totals of all parts."""
    total = Summary()
    for part in parts:
        total.merge(part)
    return total


def by_category(parts: Iterable[Summary]) -> list[Summary]:
    """Return one summary per category with calls, most calls first."""
    found: dict[str, Summary] = {}
    for part in parts:
        if part.weight:
            name = part.category or ""
            found.setdefault(name, Summary({"category": name})).merge(part)
    return sorted(found.values(), key=lambda part: (-part.weight, part.category or ""))


def feature_totals(reader: Reader, scope: Scope) -> Summary:
    """Return the totals of the scope's feature; empty ones if it exists but has no calls in scope.

    Raises:
        NotFoundError: no such feature was ever declared or called.
    """
    found = reader.feature(scope.where(reader))
    if found is None:
        # the filters may have left nothing of a feature that does exist
        known = reader.feature(reader.where(feature_name=scope.feature_name))
        if known is None:
            raise NotFoundError(f'there is no feature "{scope.feature_name}"; check its name on the features page')
        found = Summary(known.group)
    return found
