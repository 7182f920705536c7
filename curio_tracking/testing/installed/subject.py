"""Subject: the one plugin that this process is about, loaded with no other beside it, and what it has registered."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from curio_tracking.hookspecs import ALL_GROUPS
from curio_tracking.plugins import PluginHost, PluginState, State
from curio_tracking.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SubjectPart:
    """One thing that the plugin has registered.

    Attributes:
        kind: backend, filter, exporter, format, command or page.
        name: its own name; of a command the words that call it.
        made: the factory; of formats, commands and pages the thing itself.
    """

    kind: str
    name: str
    made: Any


@dataclass(slots=True)
class Subject:
    """The plugin.

    Attributes:
        state: how loading it went.
        parts: what it has registered.
        warnings: what was logged meanwhile.
        without_suite: what cannot be made, or is not needed, with these settings.
        has_options: whether the caller gave options of its own; then parts may keep records in a place of their own.
    """

    state: PluginState
    parts: list[SubjectPart] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    without_suite: list[SubjectPart] = field(default_factory=list)
    has_options: bool = False


class _Listener(logging.Handler):
    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self._messages.append(self.format(record))


_current: list[Subject] = []


def load(group: str, distribution: str | None, name: str, *, has_options: bool) -> Subject:
    """Import the plugin, let it register everything it has, and return it.

    Raises:
        LookupError: it is not installed.
    """
    host = PluginHost(
        ALL_GROUPS,
        directory=load_settings(strict=False).plugins_dir,
        admits=lambda state: (state.group, state.distribution, state.name) == (group, distribution, name),
    )
    if not host.plugins():
        raise LookupError(f'there is no plugin "{name}"')
    subject = Subject(host.plugins()[0], has_options=has_options)
    listener = _Listener(subject.warnings)
    log = logging.getLogger("curio_tracking")
    log.addHandler(listener)
    try:
        host.load_all()
        app = typer.Typer()
        host.add_commands(app)
        if subject.state.state is State.ACTIVE:
            subject.parts = [*_parts_of(host), *_commands_of(app)]
    finally:
        log.removeHandler(listener)
    _current[:] = [subject]
    return subject


def current() -> Subject:
    """Return what was loaded last."""
    return _current[0]


def settings_in(directory: Path) -> Settings:
    """Return the settings of this process for a store in a directory of its own."""
    return load_settings({"data_dir": directory}, strict=True)


def _parts_of(host: PluginHost) -> Iterator[SubjectPart]:
    kinds: dict[str, Any] = {
        "backend": host.all_backends(),
        "filter": host.filters,
        "exporter": host.exporters,
        "format": host.file_writers,
    }
    for kind, parts in kinds.items():
        for name, part in parts.items():
            yield SubjectPart(kind, name, part.factory)
    for page in host.pages():
        yield SubjectPart("page", page.slug, page.render)


def _commands_of(app: typer.Typer) -> Iterator[SubjectPart]:
    if app.registered_commands or app.registered_groups:
        yield from _below(typer.main.get_group(app), ())


def _below(group: Any, words: tuple[str, ...]) -> Iterator[SubjectPart]:
    """Yield the commands of a group and of the groups in it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, (*words, name))
        else:
            yield SubjectPart("command", " ".join((*words, name)), command)


def needs_arguments(command: Any) -> bool:
    """Whether a command cannot be called without saying what it is about."""
    return any(parameter.required for parameter in command.params)
