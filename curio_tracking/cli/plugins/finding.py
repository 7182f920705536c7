"""Finding: the plugins that a command of this group is about, without importing or trusting any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.cli import root_overrides
from curio_tracking.hookspecs import ENTRY_POINT_GROUP, SURFACES_GROUP
from curio_tracking.plugins import PluginHost, PluginState, normal_name
from curio_tracking.reader import choose
from curio_tracking.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

    from curio_tracking.settings import Settings


def careful_host(ctx: typer.Context) -> PluginHost:
    """Return a host that has imported nothing, and for which no plugin is a reason to stop."""
    # not strict, whatever the settings say: this is where one looks when STRICT_PLUGINS stops everything else
    return PluginHost.unloaded(forgiving_settings(ctx), (ENTRY_POINT_GROUP, SURFACES_GROUP), strict=False)


def forgiving_settings(ctx: typer.Context) -> Settings:
    """Return the settings, defaults in the place of those that cannot be used."""
    return load_settings(root_overrides(ctx), strict=False)


def named(states: Sequence[PluginState], name: str) -> list[PluginState]:
    """Return the plugins whose own name or whose distribution's name this is.

    Raises:
        UnknownNameError: there is none; the message lists what there is.
    """
    found = [state for state in states if state.is_named_by(frozenset((normal_name(name),)))]
    if not found:
        choose("plugin", name, sorted({state.name for state in states if not state.is_built_in}))
    return found
