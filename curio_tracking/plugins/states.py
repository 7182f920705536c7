"""States: what is known of each plugin, as values that the host fills in and the surfaces show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

OWN_DISTRIBUTION: Final = "curio-tracking"
FILE_GROUP: Final = "file"
"""The group of a single file in PLUGINS_DIR."""
_SEPARATORS: Final = re.compile(r"[-_.]+")
_KINDS: Final = {
    "curio_register_backends": "backend",
    "curio_register_filters": "filter",
    "curio_register_exporters": "exporter",
    "curio_register_categories": "category",
    "curio_register_commands": "command",
    "curio_register_pages": "page",
    "curio_register_instruments": "instrument",
    "curio_register_efficiency": "efficiency",
    "curio_startup": "listener",
    "curio_shutdown": "listener",
}


class State(StrEnum):
    """How a plugin is."""

    INSTALLED = "installed"
    """Found, and not imported: nobody needed it so far."""
    ACTIVE = "active"
    DISABLED = "disabled"
    """By PLUGINS_DISABLED or PLUGINS_ONLY."""
    BROKEN = "broken"


@dataclass(slots=True)
class PluginState:
    """One plugin, as `plugins list` shows it.

    Attributes:
        name: the entry point's name, or the file's for PLUGINS_DIR.
        distribution, version: of the installed package; None for a single file.
        group: the entry point group, or "file".
        location: what is imported: `package.module`, or the path of a file.
        state: how it is.
        problem: what went wrong, in one line.
        hooks: the hooks it implements, once it was imported or where its source tells; None: not known.
        load_seconds: how long the import took; None: not imported.
        failures: how often its hooks have raised.
        ruling: why it is disabled: the setting, and what to change there; None: it is not.
    """

    name: str
    distribution: str | None
    version: str | None
    group: str
    location: str = ""
    state: State = State.INSTALLED
    problem: str | None = None
    hooks: tuple[str, ...] | None = None
    load_seconds: float | None = None
    failures: int = 0
    ruling: str | None = None

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with Curio Tracking itself."""
        return self.distribution == OWN_DISTRIBUTION

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it brings, in words: backend, filter, exporter ..."""
        return tuple(dict.fromkeys(_KINDS[hook] for hook in self.hooks or () if hook in _KINDS))

    @property
    def label(self) -> str:
        """How messages name it: with the distribution, which is what the user has installed."""
        origin = f"{self.distribution} {self.version}" if self.distribution else self.location
        return f'plugin "{self.name}" ({origin})' if origin else f'plugin "{self.name}"'

    @property
    def remedy(self) -> str:
        """What to do when it does not work."""
        removal = f'run "curio-tracking plugins uninstall {self.distribution}"' if self.distribution else "remove it"
        return f'update it, or {removal}, or set FEATURE_TRACKING_PLUGINS_DISABLED="{self.name}"'

    def complaint(self, problem: str) -> str:
        """Return the one message about a problem of the plugin's: whose it is, what it is, and what to do."""
        return f"{self.label} {problem}; {self.remedy}"

    def is_named_by(self, names: frozenset[str]) -> bool:
        """Whether one of the names (see `normal_name`) is that of the plugin or of its distribution."""
        return bool({normal_name(name) for name in self._names} & names)

    def rule(self, disabled: frozenset[str], only: frozenset[str]) -> None:
        """Disable it if PLUGINS_DISABLED names it or PLUGINS_ONLY does not; all names as `normal_name` returns them."""
        if self.is_named_by(disabled):
            named = next(name for name in self._names if normal_name(name) in disabled)
            self.ruling = f'is disabled by FEATURE_TRACKING_PLUGINS_DISABLED; take "{named}" out of it'
        elif only and not self.is_named_by(only):
            # of ours all: without its backends and filters, a command of ours would only fail elsewhere
            named = OWN_DISTRIBUTION if self.is_built_in else self.name
            self.ruling = f'is left out by FEATURE_TRACKING_PLUGINS_ONLY; add "{named}" to it'
        if self.ruling is not None:
            self.state = State.DISABLED

    @property
    def _names(self) -> tuple[str, ...]:
        return (self.name, self.distribution) if self.distribution else (self.name,)


def normal_name(name: str) -> str:
    """Return a name as packaging compares them: case, `-`, `_` and `.` make no difference."""
    return _SEPARATORS.sub("-", name).lower()
