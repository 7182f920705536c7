"""The form above a page with which a visitor chooses time, category and status; pages of plugins may use it too.

A plain GET form: what it sends is the page's address. Between `scope` and the pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from curio_tracking.dashboard.rendering import render
from curio_tracking.dashboard.scope import Scope, page_url, with_query
from curio_tracking.records import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.reader import Reader

_RANGES: Final = (("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"), ("", "All time"))
_KEPT: Final = ("feature_name", "sort")


@dataclass(frozen=True, slots=True)
class _Range:
    title: str
    url: str
    is_current: bool


def filter_form(reader: Reader, query: Mapping[str, str], slug: str) -> str:
    """Return the form's HTML.

    Args:
        reader: knows the categories.
        query: the address's parameters, right or wrong: the form shows them as they are.
        slug: the page that the form leads to.
    """
    scope = Scope.of(query)
    path = page_url(slug)
    kept = {name: query[name] for name in _KEPT if query.get(name)}
    return render(
        "filters",
        path=path,
        scope=scope,
        kept=kept,
        clear_url=with_query(path, kept),
        ranges=[
            _Range(title, scope.url(path, **kept, since=since, until=""), scope.since == since and not scope.until)
            for since, title in _RANGES
        ],
        categories=_with(reader.categories, scope.category),
        statuses=_with(tuple(FeatureStatus), scope.status),
    )


def _with(known: tuple[str, ...], chosen: str) -> list[str]:
    """Return the choices; one that does not exist is shown too, next to the message that says so."""
    names = [str(name) for name in known]
    return names if chosen in ("", *names) else [*names, chosen]
