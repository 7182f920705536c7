"""Question: what a summary query needs of the keys of a table: which of them count, and into which group.

Uses `queries` and `rollups`; knows no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from curio_tracking.storage.tinyflux.rollups.cells import DIMENSIONS, HOUR
from curio_tracking.storage.tinyflux.rollups.checkpoint import BY_FEATURE
from curio_tracking.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from curio_tracking.queries import SummaryQuery
    from curio_tracking.storage.tinyflux.rollups.table import Group, Table

Groups = dict["Group", Summary]
_FILTERS: Final = ("feature_name", "category", "status")


class Question:
    """A summary query, made ready for tables.

    Attributes:
        query: what is asked.
        grain: the table that has all it needs when whole days are asked for: `features`, else `dimensions`.
    """

    def __init__(self, query: SummaryQuery) -> None:
        self.query = query
        self._wanted = {name: value for name in _FILTERS if (value := getattr(query.where, name)) is not None}
        self.grain = "features" if {*query.group_by, *self._wanted} <= {*BY_FEATURE} else "dimensions"

    @property
    def can_use_rollups(self) -> bool:
        """Whether totals by dimension can answer it; users and single records are in none."""
        where = self.query.where
        return where.user_ids is None and where.record_ids is None and {*self.query.group_by} <= {*DIMENSIONS}

    def merge_table(self, table: Table, groups: Groups, hours: range | None = None) -> None:
        """Merge the rows of a table that count into their groups; only those of some hours, if these are given."""
        table.merge_into(groups, self._group_of(table.names), self._accepts(table.names, hours))

    def merge_totals(
        self, names: tuple[str, ...], totals: Mapping[Any, Summary], groups: Groups, hours: range | None = None
    ) -> None:
        """Merge totals whose keys stand for `names`, as `merge_table`."""
        group_of, accepts = self._group_of(names), self._accepts(names, hours)
        for key, summary in totals.items():
            if accepts is None or accepts(key):
                merge_group(groups, group_of(key), summary)

    def _group_of(self, names: tuple[str, ...]) -> Callable[[Group], Group]:
        places = [names.index(name) for name in self.query.group_by]
        if places == list(range(len(names))):
            return lambda key: key
        return lambda key: tuple([key[place] for place in places])

    def _accepts(self, names: tuple[str, ...], hours: range | None) -> Callable[[Group], bool] | None:
        wanted = [(names.index(name), value) for name, value in self._wanted.items()]
        hour = names.index(HOUR) if hours is not None else 0
        if not wanted and hours is None:
            return None
        return lambda key: (hours is None or key[hour] in hours) and all(key[place] == value for place, value in wanted)


def merge_group(groups: Groups, group: Group, summary: Summary) -> None:
    """Merge a summary into one of the groups, which may be a new one."""
    total = groups.get(group)
    if total is None:
        total = groups[group] = Summary()
    total.merge(summary)
