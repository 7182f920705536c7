"""In which order a table of features stands: the `sort` parameter of its address.

Between the address and the tables of `features` and `performance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.reader import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from curio_tracking.dashboard.scope import Scope
    from curio_tracking.summaries import Summary


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: what by, and whether the largest comes first."""

    key: Callable[[Summary], Any]
    is_descending: bool = True


ORDERS: Final[Mapping[str, Order]] = {
    "feature_name": Order(lambda part: (part.feature_name or "").casefold(), is_descending=False),
    "category": Order(lambda part: part.category, is_descending=False),
    "total_calls": Order(lambda part: part.weight or None),
    "success_rate": Order(lambda part: part.as_dict()["success_rate"], is_descending=False),
    "avg_duration": Order(lambda part: part.mean_duration.value()),
    "p50_duration": Order(lambda part: part.quantile(0.50)),
    "p95_duration": Order(lambda part: part.quantile(0.95)),
    "p99_duration": Order(lambda part: part.quantile(0.99)),
    "max_duration": Order(lambda part: part.max_duration),
    "total_duration": Order(lambda part: part.mean_duration.total or None),
    "avg_efficiency": Order(lambda part: part.efficiency.value(), is_descending=False),
    "last_used": Order(lambda part: part.last_us),
}
"""By the statistic's name. What is worth a look comes first: the lowest success rate, the longest duration."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: where its link sorts by it, and `aria-sort` if the table stands in that order."""

    title: str
    url: str
    aria_sort: str | None


def read_sort(query: Mapping[str, str], usual: str) -> str:
    """Return the statistic to sort by.

    Raises:
        UnknownNameError: there is no such order.
    """
    given = query.get("sort", "").strip()
    return choose("order", given, tuple(ORDERS)) if given else usual


def in_order(parts: Sequence[Summary], sort: str) -> list[Summary]:
    """Return the summaries sorted; equal ones keep their place, those without the figure come last."""
    order = ORDERS[sort]
    keyed = [(order.key(part), part) for part in parts]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=order.is_descending)
    return [part for _, part in known] + [part for key, part in keyed if key is None]


def headings(titles: Mapping[str, str], sort: str, scope: Scope, path: str) -> dict[str, Heading]:
    """Return a heading per statistic of `titles`."""
    return {
        name: Heading(title, scope.url(path, sort=name), _direction(name) if name == sort else None)
        for name, title in titles.items()
    }


def _direction(name: str) -> str:
    return "descending" if ORDERS[name].is_descending else "ascending"
