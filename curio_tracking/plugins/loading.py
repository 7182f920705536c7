"""Loader: imports plugins one by one when they are needed, hands them to pluggy, and guards every hook of theirs.

What fails here is told once, with the distribution's name and what to do, and leaves nothing behind. `host` says when
to load; `discovery` has found what there is.
"""

from __future__ import annotations

import inspect
import logging
from functools import wraps
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import pluggy

from curio_tracking.collecting.guard import MAX_FAILURES, is_interrupt, one_line
from curio_tracking.errors import PluginError
from curio_tracking.hookspecs import HOOK_NAMES, PROJECT, HookSpecs
from curio_tracking.logbook import tell
from curio_tracking.plugins.announcements import AnnouncingManager
from curio_tracking.plugins.deferred import ADVICE, is_deferred
from curio_tracking.plugins.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from curio_tracking.plugins.discovery import Found
    from curio_tracking.plugins.registry import Registry
    from curio_tracking.plugins.states import PluginState

SLOW_IMPORT_SECONDS: Final = 1.0
"""A third party's import that takes longer is worth a warning: what is tracked meanwhile waits in memory. Where one of
ours does, the machine is slow, and there is nothing that a user could do about it."""
_SLOW: Final = f"{SLOW_IMPORT_SECONDS:g} s"
_COMMANDS: Final = "curio_register_commands"


class Loader:
    """Imports, registers and guards.

    Attributes:
        hook: calls the hooks of what is loaded, see pluggy.
    """

    def __init__(self, registry: Registry, *, strict: bool, specs: type = HookSpecs) -> None:
        """Args: takes what plugins register; whether a broken plugin raises; the hooks there are."""
        self._registry = registry
        self._strict = strict
        self._manager = AnnouncingManager(PROJECT)
        self._manager.add_hookspecs(specs)
        self._loaded: dict[str, object] = {}
        self._built_in: list[object] = []
        self._asked: dict[str, list[object]] = {}
        self._told: dict[int, set[str]] = {}
        self.hook = self._manager.hook

    def load(
        self, found: Sequence[Found], hooks: Collection[str], admits: Callable[[PluginState], bool] | None = None
    ) -> None:
        """Import those that may implement one of the hooks, unless they are imported already or out.

        The last one first, because pluggy calls the last one registered first: so hooks run in the order of `found`.
        """
        for one in reversed(found):
            state = one.state
            is_wanted = state.state is State.INSTALLED and (admits is None or admits(state))
            if is_wanted and one.may_implement(hooks):
                self._load_one(one)

    def collect(self, hook: str, register: Callable[..., None]) -> None:
        """Call a registering hook of those plugins that were not asked yet, of the built-in ones first.

        `tryfirst` puts no other before them: it could take the name, and so the place, of a privacy filter.
        """
        asked = self._asked.setdefault(hook, [])
        others = [plugin for plugin in self._loaded.values() if plugin not in self._built_in]
        for left_out in (others, self._built_in):
            self._manager.subset_hook_caller(hook, [*asked, *left_out])(register=register)
        asked += [plugin for plugin in self._loaded.values() if plugin not in asked]

    def fail(self, state: PluginState, problem: str) -> None:
        """Put a plugin out of use and take out what it has registered.

        Raises:
            PluginError: STRICT_PLUGINS is set.
        """
        self._registry.forget(state)
        state.state, state.problem = State.BROKEN, problem
        if self._strict:
            raise PluginError(state.complaint(problem))
        self.tell(state, problem)

    def tell(self, state: PluginState, problem: str) -> None:
        """Log one warning per plugin: what follows is nearly always the same fault, so it is only a remark."""
        told = self._told.setdefault(id(state), set())
        if problem not in told:
            level = logging.INFO if told else logging.WARNING
            told.add(problem)
            tell(level, state.complaint(problem))

    # -- one plugin -------------------------------------------------------------------------------------------------

    def _load_one(self, one: Found) -> None:
        state = one.state
        started = perf_counter()
        try:
            plugin = self._import(one)
            state.load_seconds = perf_counter() - started
            self._register(plugin, state)
        # BaseException: a plugin that calls sys.exit() while it is imported must not end the host
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._manager.set_blocked(_key(state))  # pluggy may have taken some of its hooks already
            self._loaded.pop(_key(state), None)
            self.fail(state, f"cannot be loaded: {_reason(error)}")
            return
        if state.load_seconds > SLOW_IMPORT_SECONDS and not state.is_built_in:
            self.tell(state, f"took {state.load_seconds:.1f} s to import")

    def _import(self, one: Found) -> object:
        """Import a plugin, and one of a third party under a watch: it is told of even if the import never ends."""
        state = one.state
        if state.is_built_in or not state.location:
            return one.load()
        from curio_tracking.plugins.watch import Watch  # late: built-in plugins need no watch, nor pay for it

        with Watch(SLOW_IMPORT_SECONDS, lambda: self.tell(state, f"is still being imported after {_SLOW}")):
            return one.load()

    def _register(self, plugin: object, state: PluginState) -> None:
        if plugin is None:
            raise TypeError("the entry point leads to None, which is no plugin")
        is_twin = any(other is plugin for other in self._loaded.values())
        if not is_twin:
            self._manager.register(plugin, _key(state))
            _check_marks(plugin)
            self._guard(plugin, state)
            self._loaded[_key(state)] = plugin
            if state.is_built_in:
                self._built_in.append(plugin)
        state.hooks = tuple(sorted(caller.name for caller in self._manager.get_hookcallers(plugin) or ()))
        state.state = State.ACTIVE

    def _guard(self, plugin: object, state: PluginState) -> None:
        """Wrap every implementation of the plugin, and tell what its author should know of them."""
        unknown, remarks = [], []
        for caller in self._manager.get_hookcallers(plugin) or ():
            for implementation in caller.get_hookimpls():
                if implementation.plugin is not plugin:
                    continue
                if implementation.wrapper or implementation.hookwrapper:
                    raise TypeError(f"{caller.name} wraps the hooks of other plugins, which is not allowed")
                if is_deferred(implementation.function):
                    raise TypeError(f"{caller.name} {ADVICE}")
                if caller.name not in HOOK_NAMES and not implementation.optionalhook:
                    unknown.append(caller.name)
                remarks += self._manager.remarks_on(caller.name, implementation)
                guarded = self._guarded(caller.name, implementation.function, state)
                implementation.function = guarded  # type: ignore[misc]  # pluggy has no other way to wrap
        if unknown:
            remarks.insert(0, f"implements an unknown hook: {', '.join(sorted(unknown))}")
        if remarks:
            state.problem = "; ".join(remarks)
            self.tell(state, state.problem)

    def _guarded(self, hook: str, function: Callable[..., Any], state: PluginState) -> Callable[..., Any]:
        call = _with_an_app_of_its_own(function) if hook == _COMMANDS else function

        @wraps(function)
        def guarded(*args: Any, **named: Any) -> Any:
            # pluggy gives by name what the plugin's function has a default for
            if state.state is not State.ACTIVE:
                return None
            registry = self._registry
            # in any other hook it is too late: what is registered has been asked for
            caller, registry.calling = registry.calling, state if hook in registry.registering else None
            try:
                returned = call(*args, **named)
                if returned is not None and hook in registry.registering:
                    self._was_given(hook, returned, state)
                return returned
            except BaseException as error:
                if is_interrupt(error):
                    raise
                self._failed(hook, error, state)
                return None
            finally:
                registry.calling = caller

        return guarded

    def _was_given(self, hook: str, returned: object, state: PluginState) -> None:
        """Tell of what nobody looks at: an author who returns parts believes that this registers them."""
        state.problem = f"{hook} returned a {type(returned).__name__}, which does nothing: give parts to register(...)"
        self.tell(state, state.problem)

    def _failed(self, hook: str, error: BaseException, state: PluginState) -> None:
        """Count a failure; a plugin that cannot register its parts, or fails again and again, is out as a whole."""
        state.failures += 1
        problem = f"{hook} raised {one_line(error)}"
        if hook.startswith("curio_register_") or state.failures >= MAX_FAILURES:
            self.fail(state, problem)
        else:
            state.problem = problem
            self.tell(state, problem)


def _check_marks(plugin: object) -> None:
    """Find what pluggy passes over in silence: hooks without the mark, and marks on what is no function.

    Raises:
        TypeError: there is such a thing, or no hook at all.
    """
    marked = []
    for name in [name for name in dir(plugin) if name.startswith("curio_")]:
        value = getattr(plugin, name)
        if inspect.isroutine(value) and hasattr(value, f"{PROJECT}_impl"):
            marked.append(name)
        elif hasattr(value, f"{PROJECT}_impl"):
            raise TypeError(f"{name} is marked as a hook and is no function")
        elif name in HOOK_NAMES:
            raise TypeError(f"{name} is not marked; write @hookimpl above it")
    if not marked:
        raise TypeError("there is no hook in it: no function of a hook's name with @hookimpl")


def _key(state: PluginState) -> str:
    return f"{state.group}:{state.distribution or ''}:{state.name}"


def _reason(error: BaseException) -> str:
    if not isinstance(error, pluggy.PluginValidationError):
        return one_line(error)
    first, *_definition, reason = str(error).strip().splitlines()
    hook = next((name for name in HOOK_NAMES if f"{name!r}" in first), None)
    if hook is None:
        return reason
    _self, *arguments = inspect.signature(getattr(HookSpecs, hook)).parameters
    return f"{hook}: {reason}; it takes ({', '.join(arguments)}), or fewer"


def _with_an_app_of_its_own(function: Callable[..., Any]) -> Callable[..., None]:
    """Give the plugin an app of its own and take over its commands when it is done: all of them, or none."""

    def register(*args: Any, **named: Any) -> None:
        own = [type(app)() for app in args]
        own_named = {name: type(app)() for name, app in named.items()}
        function(*own, **own_named)
        for app, filled in zip((*args, *named.values()), (*own, *own_named.values()), strict=True):
            app.registered_commands += filled.registered_commands
            app.registered_groups += filled.registered_groups

    return register
