"""Discovery: every plugin that is installed or lies in PLUGINS_DIR, found by its metadata; nothing is imported here."""

from __future__ import annotations

import ast
import importlib.util
import re
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import TYPE_CHECKING

from curio_tracking.collecting.guard import one_line
from curio_tracking.hookspecs import ENTRY_POINT_GROUP, HOOK_NAMES, PROJECT
from curio_tracking.plugins.single_file import import_file, refusal_of
from curio_tracking.plugins.states import FILE_GROUP, PluginState, State, normal_name
from curio_tracking.plugins.survey import is_certain, names_in, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path


@dataclass(slots=True)
class Found:
    """A plugin that may be loaded.

    Attributes:
        state: what is known of it.
        load: imports it and returns the plugin.
        read: returns its source without importing it, read once; None where there is none.
    """

    state: PluginState
    load: Callable[[], object]
    read: Callable[[], str | None]

    def may_implement(self, hooks: Collection[str]) -> bool:
        """Whether it has one of these hooks, as far as its source tells; True where that does not tell."""
        try:
            source = self.read()
            if source is None:
                return True
            # a hook that does not exist is misspelt, which its author wants to be told
            named = names_in(source)
            return bool(named & set(hooks) or named.difference(HOOK_NAMES)) or not is_certain(source)
        except Exception:  # the import will say what is wrong
            return True

    def mentions(self, command: str) -> bool:
        """Whether its source has the name of a command in quotes, or a function of that name."""
        try:
            source = self.read() or ""
        except Exception:
            return False
        name = re.escape(command)
        function = re.escape(command.replace("-", "_"))
        return re.search(rf"""(["']){name}\1|\bdef\s+{function}\s*\(""", source) is not None

    def look(self) -> None:
        """Note in the state which hooks the source shows, or that the plugin cannot be imported."""
        state = self.state
        if state.hooks is not None:
            return
        try:
            source = self.read()
            if source is not None:
                ast.parse(source)
                state.hooks = tuple(sorted(names_in(source))) if is_certain(source) else None
        except Exception as error:
            if state.state is State.INSTALLED:
                state.state, state.problem = State.BROKEN, f"cannot be loaded: {one_line(error)}"


def installed(groups: Sequence[str]) -> list[Found]:
    """Return the plugins of the entry point groups: the built-in ones first, then by name.

    Metadata that cannot be read belongs to a broken plugin; that of one distribution never hides another's.
    """
    found = [one for distribution in _distributions() for one in _plugins_of(distribution, groups)]
    order = {group: place for place, group in enumerate(groups)}
    return sorted(found, key=lambda one: (not one.state.is_built_in, order.get(one.state.group, -1), one.state.name))


def _distributions() -> Iterator[Distribution]:
    """Yield the distributions that may have plugins, each once: what comes first on the path is what is imported."""
    seen = set()
    for distribution in distributions():
        try:
            text = distribution.read_text("entry_points.txt")
            # the name costs a parse of the metadata: only for those that matter, out of hundreds
            if text is None or PROJECT not in text or (name := normal_name(distribution.name)) in seen:
                continue
        except Exception:  # noqa: S112 - no name, no metadata: no plugin of ours that could be named
            continue
        seen.add(name)
        yield distribution


def _plugins_of(distribution: Distribution, groups: Sequence[str]) -> Iterator[Found]:
    name, version = distribution.name, distribution.version
    try:
        entries = [entry for group in groups for entry in distribution.entry_points.select(group=group)]
    except Exception as error:
        problem = f"its entry points cannot be read: {one_line(error)}"
        state = PluginState(name, name, version, groups[0] if groups else ENTRY_POINT_GROUP, "", State.BROKEN, problem)
        yield Found(state, _nothing, _no_source)
        return
    for entry in entries:
        state = PluginState(entry.name, name, version, entry.group, entry.value)
        yield Found(state, entry.load, cache(partial(_source_of, entry)))


def _source_of(entry: EntryPoint) -> str | None:
    source = source_of(entry.module)
    if source is None and importlib.util.find_spec(entry.module.partition(".")[0]) is None:
        raise ModuleNotFoundError(f"No module named {entry.module!r}")
    return source


def in_directory(directory: Path) -> list[Found]:
    """Return the single-file plugins of PLUGINS_DIR, by name; a file that others can write is refused.

    Whoever can write the file, or put another one beside it, can run code in every program that is tracked.
    """
    try:
        refusal = refusal_of(directory, is_directory=True)
        files = sorted(path for path in directory.iterdir() if path.suffix == ".py" and path.name[0] not in "_.")
    except OSError as error:
        reason = error.strerror or error
        refusal, files = f"cannot read {directory}, which FEATURE_TRACKING_PLUGINS_DIR names: {reason}", []
    if refusal:
        state = PluginState(directory.name, None, None, FILE_GROUP, str(directory), State.BROKEN, refusal)
        return [Found(state, _nothing, _no_source)]
    return [_in_file(path) for path in files]


def _in_file(path: Path) -> Found:
    state = PluginState(path.stem, None, None, FILE_GROUP, str(path))
    try:
        refusal = refusal_of(path)
    except OSError as error:
        refusal = f"cannot be read: {error.strerror or error}"
    if refusal:
        state.state, state.problem = State.BROKEN, refusal
        return Found(state, _nothing, _no_source)
    return Found(state, partial(import_file, path), cache(partial(path.read_text, "utf-8")))


def _nothing() -> object:
    raise ImportError("there is nothing to import")


def _no_source() -> None:
    return None
