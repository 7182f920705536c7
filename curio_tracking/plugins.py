"""PluginHost: finds plugins, loads each in a guard of its own, and holds the parts they registered.

pluggy isolates nothing by itself: one entry point that fails to import, or one hook that raises, takes the rest along.
Here every entry point is loaded apart and every implementation is wrapped; a broken plugin is reported once and listed
by `plugins list`, the others work. Loaded by `runtime` and by the surfaces, never by `import curio_tracking`.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from dataclasses import dataclass
from functools import partial, wraps
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import pluggy

from curio_tracking.errors import PluginError
from curio_tracking.hookspecs import DEFAULT_FILTER_ORDER, ENTRY_POINT_GROUP, HOOK_NAMES, PROJECT, HookSpecs
from curio_tracking.records import FeatureCategory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import typer
    from pydantic import BaseModel

    from curio_tracking.hookspecs import PageRenderer
    from curio_tracking.interfaces import (
        BackendFactory,
        EfficiencyFormula,
        ExporterFactory,
        FilterFactory,
    )
    from curio_tracking.settings import Settings
    from curio_tracking.tracker import FeatureTracker

_log: Final = logging.getLogger("curio_tracking")
_MAX_FAILURES: Final = 5
OWN_DISTRIBUTION: Final = "curio-tracking"
"""PLUGINS_ONLY is about third parties: a list that forgot the backend or a privacy filter would help nobody."""
_Factory = TypeVar("_Factory")


@dataclass(slots=True)
class PluginState:
    """One plugin, as `plugins list` shows it.

    Attributes:
        name: the entry point's name, or the file's for PLUGINS_DIR.
        distribution, version: of the installed package; None for a single file.
        group: the entry point group, or "file".
        state: "active", "disabled" (by settings) or "broken".
        problem: what went wrong, in one line.
        hooks: names of the hooks it implements.
        failures: how often its hooks have raised.
    """

    name: str
    distribution: str | None
    version: str | None
    group: str
    state: str = "active"
    problem: str | None = None
    hooks: tuple[str, ...] = ()
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Part(Generic[_Factory]):
    """A backend, filter or exporter that a plugin registered; `order` and `leaves_trace` concern filters only."""

    name: str
    plugin: str
    factory: _Factory
    options: type[BaseModel] | None = None
    order: int = DEFAULT_FILTER_ORDER
    leaves_trace: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the dashboard that a plugin registered."""

    slug: str
    title: str
    render: PageRenderer


class PluginHost:
    """The plugins of one process (or command) and what they registered."""

    def __init__(
        self,
        groups: Sequence[str] = (ENTRY_POINT_GROUP,),
        *,
        disabled: Iterable[str] = (),
        only: Iterable[str] = (),
        directory: Path | None = None,
        strict: bool = False,
    ) -> None:
        """Args: see the settings PLUGINS_DISABLED, PLUGINS_ONLY, PLUGINS_DIR and STRICT_PLUGINS. Loads nothing yet."""
        self._groups = groups
        self._disabled = frozenset(disabled)
        self._only = frozenset(only)
        self._directory = directory
        self._strict = strict
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(HookSpecs)
        self._states: list[PluginState] = []
        self._calling: PluginState | None = None
        self.backends: dict[str, Part[BackendFactory]] = {}
        self.filters: dict[str, Part[FilterFactory]] = {}
        self.exporters: dict[str, Part[ExporterFactory]] = {}
        self.categories: dict[str, str] = {category.value: "built in" for category in FeatureCategory}
        self.instruments: dict[str, Callable[[FeatureTracker], None]] = {}
        self.efficiency: EfficiencyFormula | None = None

    @classmethod
    def for_settings(cls, settings: Settings, groups: Sequence[str] = (ENTRY_POINT_GROUP,)) -> PluginHost:
        """Return a host that has loaded the plugins of `groups` as the settings say.

        Raises:
            PluginError: a plugin is broken and STRICT_PLUGINS is set.
        """
        host = cls(
            groups,
            disabled=settings.plugins_disabled,
            only=settings.plugins_only,
            directory=settings.plugins_dir,
            strict=settings.strict_plugins,
        )
        host.load()
        return host

    def load(self) -> None:
        """Load every allowed plugin and collect backends, filters, exporters, categories, formula, instruments."""
        for group in self._groups:
            for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
                self._load_one(_state_of(entry), entry.load)
        if self._directory is not None:
            for path in self._plugin_files(self._directory):
                self._load_one(PluginState(path.stem, None, None, "file"), partial(_import_file, path))
        hook = self._manager.hook
        hook.curio_register_backends(register=self._register_backend)
        hook.curio_register_filters(register=self._register_filter)
        hook.curio_register_exporters(register=self._register_exporter)
        hook.curio_register_categories(register=self._register_category)
        hook.curio_register_efficiency(register=self._register_efficiency)
        hook.curio_register_instruments(register=self._register_instrument)

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that is no entry point (tests, applications with plugins of their own); before `load`."""
        self._load_one(PluginState(name, None, None, "object"), lambda: plugin)

    def plugins(self) -> list[PluginState]:
        """Return every plugin that was found, with its state."""
        return list(self._states)

    def add_commands(self, app: typer.Typer) -> None:
        """Let plugins add their commands to the CLI."""
        self._manager.hook.curio_register_commands(app=app)

    def pages(self) -> list[Page]:
        """Return the dashboard pages that plugins register, in the order of their slugs."""
        found: dict[str, Page] = {}

        def register(slug: str, title: str, render: PageRenderer) -> None:
            self._refuse_twice("page", slug, found)
            found[slug] = Page(slug, title, render)

        self._manager.hook.curio_register_pages(register=register)
        return [found[slug] for slug in sorted(found)]

    def started(self, tracker: FeatureTracker) -> None:
        """Install the instruments, then tell the plugins that the tracker runs."""
        for name, install in self.instruments.items():
            try:
                install(tracker)
            except Exception as error:
                _log.warning('instrument "%s" could not be installed: %s', name, one_line(error))
        self._manager.hook.curio_startup(tracker=tracker)

    def stopping(self, tracker: FeatureTracker) -> None:
        """Tell the plugins that the last batch is written."""
        self._manager.hook.curio_shutdown(tracker=tracker)

    # -- loading ----------------------------------------------------------------------------------------------------

    def _plugin_files(self, directory: Path) -> list[Path]:
        try:
            return sorted(path for path in directory.iterdir() if path.suffix == ".py" and path.name[0] not in "_.")
        except OSError as error:
            self._broken(PluginState(directory.name, None, None, "file"), f"cannot read {directory}: {error.strerror}")
            return []

    def _load_one(self, state: PluginState, load: Callable[[], object]) -> None:
        self._states.append(state)
        is_left_out = bool(self._only) and state.name not in self._only and state.distribution != OWN_DISTRIBUTION
        if state.name in self._disabled or is_left_out:
            state.state = "disabled"
            return
        try:
            plugin = load()
            self._manager.register(plugin, f"{state.group}:{state.name}")
        # BaseException: a plugin that calls sys.exit() while it is imported must not end the host
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self._manager.set_blocked(f"{state.group}:{state.name}")
            self._broken(state, f"cannot be loaded: {one_line(error)}")
            return
        self._wrap_hooks(plugin, state)

    def _wrap_hooks(self, plugin: object, state: PluginState) -> None:
        callers = self._manager.get_hookcallers(plugin) or []
        state.hooks = tuple(caller.name for caller in callers if caller.name in HOOK_NAMES)
        for caller in callers:
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin and not (implementation.wrapper or implementation.hookwrapper):
                    guarded = self._guarded(implementation.function, state)
                    implementation.function = guarded  # type: ignore[misc]  # pluggy has no other way to wrap
        unknown = [name for name in dir(plugin) if name.startswith("curio_") and name not in HOOK_NAMES]
        if unknown and any(hasattr(getattr(plugin, name), f"{PROJECT}_impl") for name in unknown):
            state.problem = f"unknown hook {', '.join(unknown)}"
            _log.warning('plugin "%s" implements an unknown hook: %s', state.name, ", ".join(unknown))

    def _guarded(self, function: Callable[..., Any], state: PluginState) -> Callable[..., Any]:
        @wraps(function)
        def guarded(*args: Any) -> Any:
            if state.failures >= _MAX_FAILURES:
                return None
            caller, self._calling = self._calling, state
            try:
                return function(*args)
            except Exception as error:
                state.failures += 1
                self._broken(state, f"{function.__name__} raised {one_line(error)}")
                return None
            finally:
                self._calling = caller

        return guarded

    def _broken(self, state: PluginState, problem: str) -> None:
        if state not in self._states:
            self._states.append(state)
        first = state.problem is None
        state.state, state.problem = "broken", problem
        advice = f'update or remove it, or set FEATURE_TRACKING_PLUGINS_DISABLED="{state.name}"'
        if self._strict:
            raise PluginError(f'plugin "{state.name}" {problem}; {advice}')
        if first:
            _log.warning('plugin "%s" %s; %s', state.name, problem, advice)

    # -- what plugins register ----------------------------------------------------------------------------------------

    def _plugin_name(self) -> str:
        return self._calling.name if self._calling else "?"

    def _refuse_twice(self, kind: str, name: str, known: dict[str, Any]) -> None:
        if name in known:
            raise PluginError(f'the {kind} "{name}" is registered already; choose another name')

    def _register_backend(self, name: str, factory: BackendFactory, *, options: type[BaseModel] | None = None) -> None:
        self._refuse_twice("backend", name, self.backends)
        self.backends[name] = Part(name, self._plugin_name(), factory, options)

    def _register_filter(
        self,
        name: str,
        factory: FilterFactory,
        *,
        order: int = DEFAULT_FILTER_ORDER,
        leaves_trace: bool = True,
        options: type[BaseModel] | None = None,
    ) -> None:
        self._refuse_twice("filter", name, self.filters)
        self.filters[name] = Part(name, self._plugin_name(), factory, options, order, leaves_trace)

    def _register_exporter(
        self, name: str, factory: ExporterFactory, *, options: type[BaseModel] | None = None
    ) -> None:
        self._refuse_twice("exporter", name, self.exporters)
        self.exporters[name] = Part(name, self._plugin_name(), factory, options)

    def _register_category(self, name: str, description: str) -> None:
        if not name.replace("_", "").isalnum() or name != name.lower():
            raise PluginError(f'category "{name}" must be lower case letters, digits and underscores')
        self._refuse_twice("category", name, self.categories)
        self.categories[name] = description

    def _register_instrument(self, name: str, install: Callable[[FeatureTracker], None]) -> None:
        self._refuse_twice("instrument", name, self.instruments)
        self.instruments[name] = install

    def _register_efficiency(self, name: str, formula: EfficiencyFormula) -> None:
        _log.debug('efficiency formula "%s" of plugin "%s" is in use', name, self._plugin_name())
        self.efficiency = formula


def one_line(error: BaseException) -> str:
    """Return `Type: first line of the message` of an exception, whatever its __str__ does."""
    try:
        text = str(error).strip().splitlines()
    except Exception:
        text = []
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def _state_of(entry: EntryPoint) -> PluginState:
    distribution = entry.dist
    return PluginState(
        entry.name,
        distribution.name if distribution else None,
        distribution.version if distribution else None,
        entry.group,
    )


def _import_file(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(f"curio_tracking_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not importable")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
