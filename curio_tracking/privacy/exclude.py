"""Exclude: features that must leave no trace. First of all filters, so that no other one even sees their records."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from curio_tracking.hookspecs import hookimpl
from curio_tracking.privacy.shape import remember

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curio_tracking.hookspecs import RegisterFilter
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings

MOST_REMEMBERED: Final = 10_000


@hookimpl
def curio_register_filters(register: RegisterFilter) -> None:
    """Offer `exclude`; what it drops is not even counted."""
    register("exclude", create, order=0, leaves_trace=False)


def create(settings: Settings) -> Exclude | None:
    """Return the filter, or None when EXCLUDE is empty."""
    return Exclude(settings.exclude) if settings.exclude else None


class Exclude:
    """Drops the records of features whose name matches one of the globs, in any case."""

    def __init__(self, globs: Iterable[str]) -> None:
        """Args: names or globs (`*`, `?`, `[ab]`) of features."""
        self._globs = tuple(glob.casefold() for glob in globs)
        self._decisions: dict[str, bool] = {}

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        """Return the record, or None when its feature is excluded."""
        name = record.feature_name
        is_excluded = self._decisions.get(name)
        if is_excluded is None:
            is_excluded = self._decide(name)
        return None if is_excluded else record

    def _decide(self, name: str) -> bool:
        folded = name.casefold()
        is_excluded = any(fnmatchcase(folded, glob) for glob in self._globs)
        remember(self._decisions, name, is_excluded, MOST_REMEMBERED)
        return is_excluded
