"""PluginHost: the plugins of one process or command, and what they have registered.

A plugin is imported when a hook that it implements is first called, and not before: a tracked application never imports
the backends that its settings do not name, nor any command or page. Every plugin is loaded and called in a guard of its
own (`loading`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.guard import is_interrupt, one_line
from curio_tracking.hookspecs import ENTRY_POINT_GROUP, HOOK_NAMES
from curio_tracking.plugins.discovery import Found, in_directory, installed
from curio_tracking.plugins.loading import Loader
from curio_tracking.plugins.registry import BUILT_IN_CATEGORIES, Registry
from curio_tracking.plugins.states import PluginState, State, normal_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    import typer

    from curio_tracking.interfaces import BackendFactory, EfficiencyFormula, ExporterFactory, FileWriter, FilterFactory
    from curio_tracking.plugins.registry import Page, Part
    from curio_tracking.settings import Settings
    from curio_tracking.tracker import FeatureTracker

BACKENDS: Final = "curio_register_backends"
COMMANDS: Final = "curio_register_commands"
PAGES: Final = "curio_register_pages"
ON_DEMAND: Final = (BACKENDS, COMMANDS, PAGES)
"""Hooks whose plugins are not imported by `load`: backends by name, the others when a surface asks for them."""
CONFIGURABLE: Final = (BACKENDS, "curio_register_filters", "curio_register_exporters")
"""Hooks that register what may have options."""


class PluginHost:
    """Finds plugins, loads those that are needed, and holds their parts."""

    def __init__(
        self,
        groups: Sequence[str] = (ENTRY_POINT_GROUP,),
        *,
        disabled: Iterable[str] = (),
        only: Iterable[str] = (),
        directory: Path | None = None,
        strict: bool = False,
        admits: Callable[[PluginState], bool] | None = None,
    ) -> None:
        """Args: see the settings PLUGINS_DISABLED, PLUGINS_ONLY, PLUGINS_DIR and STRICT_PLUGINS. Imports nothing yet.

        `admits` leaves plugins out altogether, as if they were not there.

        Raises:
            PluginError: `strict`, and there is a plugin that cannot be used.
        """
        self._disabled = frozenset(map(normal_name, disabled))
        self._only = frozenset(map(normal_name, only))
        self._registry = Registry()
        self._loader = Loader(self._registry, strict=strict)
        found = [*installed(groups), *(in_directory(directory) if directory is not None else ())]
        self._found: list[Found] = [one for one in found if admits is None or admits(one.state)]
        for one in self._found:
            self._judge(one.state)

    @classmethod
    def for_settings(cls, settings: Settings, groups: Sequence[str] = (ENTRY_POINT_GROUP,)) -> PluginHost:
        """Return a host that has loaded the plugins of `groups` as the settings say.

        Raises:
            PluginError: a plugin is broken and STRICT_PLUGINS is set.
        """
        host = cls.unloaded(settings, groups, strict=settings.strict_plugins)
        host.load()
        return host

    @classmethod
    def unloaded(cls, settings: Settings, groups: Sequence[str], *, strict: bool) -> PluginHost:
        """Return one that has found them and imported none.

        Raises:
            PluginError: `strict`, and there is a plugin that cannot be used.
        """
        return cls(
            groups,
            disabled=settings.plugins_disabled,
            only=settings.plugins_only,
            directory=settings.plugins_dir,
            strict=strict,
        )

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that is no entry point (tests, applications with plugins of their own); before `load`."""
        state = PluginState(name, None, None, "object")
        self._found.append(Found(state, lambda: plugin, lambda: None))
        self._judge(state)

    def load(self) -> None:
        """Import what offers more than backends, commands and pages, and collect what it registers."""
        self._gather([hook for hook in HOOK_NAMES if hook not in ON_DEMAND])

    def load_all(self) -> None:
        """Import every plugin that is not disabled, and collect everything: for those who look after plugins."""
        self._gather(HOOK_NAMES)

    def _gather(self, hooks: Collection[str], admits: Callable[[PluginState], bool] | None = None) -> None:
        """Import the plugins that may implement one of the hooks, and collect what these register."""
        self._loader.load(self._found, hooks, admits)
        for hook, register in self._registry.registering.items():
            if hook in hooks:
                self._loader.collect(hook, register)

    def plugins(self) -> list[PluginState]:
        """Return every plugin that was found, with its state."""
        return [one.state for one in self._found]

    def look(self) -> list[PluginState]:
        """Return the same, with the hooks of those that are not imported, as far as their source shows them."""
        for one in self._found:
            one.look()
        return self.plugins()

    def _judge(self, state: PluginState) -> None:
        """Set a plugin aside that the settings rule out, and tell of one that discovery has refused."""
        state.rule(self._disabled, self._only)
        if state.state is State.BROKEN and state.problem is not None:
            self._loader.fail(state, state.problem)

    # -- parts ------------------------------------------------------------------------------------------------------

    @property
    def filters(self) -> Mapping[str, Part[FilterFactory]]:
        """The filters, by name."""
        return self._registry.filters

    @property
    def exporters(self) -> Mapping[str, Part[ExporterFactory]]:
        """The exporters, by name."""
        return self._registry.exporters

    @property
    def file_writers(self) -> Mapping[str, Part[FileWriter]]:
        """What writes the formats of `export`, by name."""
        return self._registry.file_writers

    @property
    def categories(self) -> dict[str, str]:
        """Every known category and what it means."""
        return BUILT_IN_CATEGORIES | {name: part.description for name, part in self._registry.categories.items()}

    @property
    def formula(self) -> Part[EfficiencyFormula] | None:
        """The efficiency formula of a plugin: of several the one that was registered last."""
        return next(reversed(self._registry.formulas.values()), None)

    def backend(self, name: str) -> Part[BackendFactory] | None:
        """Return the backend of that name, or None.

        The plugin of that name is asked first; only if the backend is not there, all others that offer any.
        """
        if name not in self._registry.backends:
            self._gather([BACKENDS], lambda state: normal_name(state.name) == normal_name(name))
        return self._registry.backends.get(name) or self.all_backends().get(name)

    def all_backends(self) -> Mapping[str, Part[BackendFactory]]:
        """Return every backend, by name; imports all plugins that offer any."""
        self._gather([BACKENDS])
        return self._registry.backends

    def configurable(self) -> list[Part[Any]]:
        """Return every backend, filter, exporter and format: what may have options; imports all plugins of those."""
        self._gather(CONFIGURABLE)
        registry = self._registry
        kinds = (registry.backends, registry.filters, registry.exporters, registry.file_writers)
        return [part for parts in kinds for part in parts.values()]

    def pages(self) -> list[Page]:
        """Return the dashboard pages that plugins register, in the order of their slugs."""
        self._gather([PAGES])
        pages = self._registry.pages
        return [pages[slug].factory for slug in sorted(pages)]

    def add_commands(self, app: typer.Typer) -> None:
        """Let plugins add their commands to the CLI."""
        self._loader.load(self._found, [COMMANDS])
        self._loader.hook.curio_register_commands(app=app)

    def disabled_with_command(self, command: str) -> list[PluginState]:
        """Return the disabled plugins that bring a command of this name, as far as names and sources tell.

        Nothing is imported: that is what the user has forbidden.
        """
        offering = [one for one in self._found if one.state.state is State.DISABLED and one.may_implement([COMMANDS])]
        named = [one.state for one in offering if one.state.is_named_by(frozenset({normal_name(command)}))]
        return named or [one.state for one in offering if one.mentions(command)]

    # -- the life of a tracker --------------------------------------------------------------------------------------

    def started(self, tracker: FeatureTracker) -> None:
        """Install the instruments, then tell the plugins that the tracker runs."""
        for part in list(self._registry.instruments.values()):
            try:
                part.factory(tracker)
            except BaseException as error:
                if is_interrupt(error):
                    raise
                self._loader.tell(part.owner, f'instrument "{part.name}" could not be installed: {one_line(error)}')
        self._loader.hook.curio_startup(tracker=tracker)

    def stopping(self, tracker: FeatureTracker) -> None:
        """Tell the plugins that the last batch is written."""
        self._loader.hook.curio_shutdown(tracker=tracker)
