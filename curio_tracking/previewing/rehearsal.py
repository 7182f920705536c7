"""Rehearsal: the filters as they are configured, for records that are looked at and never stored.

A rehearsed filter may create nothing (no key of pseudonyms), which is what filters offer for imports. Uses `filtering`
as the host's pipeline does, so that the order, and what stands in for missing filters, are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.filtering import filter_steps
from curio_tracking.interfaces import ImportAwareFilter

if TYPE_CHECKING:
    from curio_tracking.collecting.chain import FilterStep
    from curio_tracking.interfaces import RecordFilter
    from curio_tracking.plugins import PluginHost
    from curio_tracking.settings import Settings


def steps_for_calls(settings: Settings, host: PluginHost) -> list[FilterStep]:
    """Return the filters for records of calls that are made now, selections included."""

    def prepared(made: RecordFilter | None) -> RecordFilter | None:
        # a filter that has no say about imports judges live calls, and so it does here
        return _rehearsed(made) or made

    return filter_steps(settings, host, prepared)


def steps_for_stored(settings: Settings, host: PluginHost) -> list[FilterStep]:
    """Return the filters for records that passed them before: what judges live calls has no say."""

    def prepared(made: RecordFilter | None) -> RecordFilter | None:
        return _rehearsed(made) if isinstance(made, ImportAwareFilter) else made

    return filter_steps(settings, host, prepared)


def _rehearsed(made: RecordFilter | None) -> RecordFilter | None:
    return made.for_imports(is_rehearsal=True) if isinstance(made, ImportAwareFilter) else None
