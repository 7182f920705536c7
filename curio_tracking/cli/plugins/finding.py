"""Finding: the plugins that a command of this group is about, without importing or trusting any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.cli.session import careful_host, forgiving_settings
from curio_tracking.plugins import PluginState, normal_name
from curio_tracking.reader import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer


def all_plugins(ctx: typer.Context) -> list[PluginState]:
    """Return every plugin as its metadata describes it."""
    return careful_host(forgiving_settings(ctx)).plugins()


def named(states: Sequence[PluginState], name: str) -> list[PluginState]:
    """Return the plugins whose own name or whose distribution's name this is.

    Raises:
        UnknownNameError: there is none; the message lists what there is.
    """
    found = [state for state in states if state.is_named_by(frozenset((normal_name(name),)))]
    if not found:
        choose("plugin", name, sorted({state.name for state in states if not state.is_built_in}))
    return found
