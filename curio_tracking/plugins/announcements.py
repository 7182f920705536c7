"""Announcements: what is to go from the hooks some day, and which plugins use it.

pluggy would print that as a Python warning: into the host's output, or, where the host makes warnings errors, as one.
So it is kept from pluggy here, and `loading` tells it as it tells everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pluggy

if TYPE_CHECKING:
    from pluggy import HookImpl, HookspecOpts

_WHOLE: Final = ""
"""Stands for the hook itself, among the names of its arguments."""


class AnnouncingManager(pluggy.PluginManager):
    """pluggy's manager, which warns of nothing by itself."""

    def __init__(self, project_name: str) -> None:
        super().__init__(project_name)
        self._announced: dict[str, dict[str, Warning]] = {}

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> HookspecOpts | None:
        """Take the announcements out of what pluggy learns of a hook."""
        options = super().parse_hookspec_opts(module_or_class, name)
        if options is None:
            return None
        announced = self._announced[name] = dict(options["warn_on_impl_args"] or {})
        if options["warn_on_impl"] is not None:
            announced[_WHOLE] = options["warn_on_impl"]
        return {**options, "warn_on_impl": None, "warn_on_impl_args": None}

    def remarks_on(self, hook: str, implementation: HookImpl) -> list[str]:
        """Return what the implementation uses and is to go: of each, what a sentence says of the plugin."""
        announced = self._announced.get(hook, {})
        used = dict.fromkeys((_WHOLE, *implementation.argnames, *implementation.kwargnames))
        return [
            f"{_use(hook, name)}, which is announced to go: {announced[name]}" for name in used if name in announced
        ]


def _use(hook: str, argument: str) -> str:
    return f"implements {hook}" if argument == _WHOLE else f'takes the argument "{argument}" of {hook}'
