"""Session: what a command works with: the settings, the plugins and a reader of the store.

The public way for commands, ours and third parties', to get at them; root options count as arguments here, so they win
over every other source. `app` puts the `Invocation` into the context.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.cli.progress import ReadingBar
from curio_tracking.hookspecs import ALL_GROUPS
from curio_tracking.interfaces import Explaining
from curio_tracking.plugins import PluginHost
from curio_tracking.runtime import open_reader
from curio_tracking.settings import Settings, load_settings

if TYPE_CHECKING:
    from types import TracebackType

    import typer

    from curio_tracking.reader import Reader

ROOT_SETTINGS: Final = ("backend", "data_dir")
"""Root options that are settings."""


@dataclass(slots=True)
class Invocation:
    """One start of the program; plugins are loaded when first needed.

    Attributes:
        overrides: the settings that root options gave.
        host: the plugins, once loaded.
        has_traceback: whether unexpected errors show theirs.
    """

    overrides: dict[str, Any] = field(default_factory=dict)
    host: PluginHost | None = None
    has_traceback: bool = False

    def plugin_host(self) -> PluginHost:
        """Return the loaded plugins. A bad setting does not keep them from loading: the command will report it.

        Raises:
            PluginError: a plugin is broken and STRICT_PLUGINS is set.
        """
        if self.host is None:
            settings = load_settings(self.overrides, strict=False)
            self.host = PluginHost.for_settings(settings, ALL_GROUPS)
        return self.host


@dataclass(frozen=True, slots=True)
class Session:
    """An open store; a context manager that closes the reader.

    Attributes:
        settings: checked, root options included.
        host: the loaded plugins.
        reader: answers questions about the records.
    """

    settings: Settings
    host: PluginHost
    reader: Reader

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        bar = getattr(self.reader.backend, "on_progress", None)
        if isinstance(bar, ReadingBar):
            bar.close()
        self.reader.close()


def invocation(ctx: typer.Context) -> Invocation:
    """Return the start of the program that a command's context belongs to."""
    root = ctx.find_root()
    if not isinstance(root.obj, Invocation):
        root.obj = Invocation()
    given = {name: root.params[name] for name in ROOT_SETTINGS if root.params.get(name) is not None}
    root.obj.overrides.update(given)
    return root.obj


def root_overrides(ctx: typer.Context) -> dict[str, Any]:
    """Return the settings that root options gave, for `load_settings`."""
    return dict(invocation(ctx).overrides)


def command_settings(ctx: typer.Context, **overrides: Any) -> Settings:
    """Return the checked settings for a command.

    Args:
        ctx: the command's context.
        overrides: settings that the command's own options give; None means "not given".

    Raises:
        SettingsError: some value cannot be used; one line per problem.
    """
    return load_settings(root_overrides(ctx) | overrides, strict=True)


def forgiving_settings(ctx: typer.Context) -> Settings:
    """Return the settings for a command that repairs a setup: defaults in the place of those that cannot be used."""
    return load_settings(root_overrides(ctx), strict=False)


def careful_host(settings: Settings) -> PluginHost:
    """Return a host for such a command: it has imported nothing, and no plugin is a reason to stop."""
    # not strict, whatever the settings say: this is where one looks when STRICT_PLUGINS stops everything else
    return PluginHost.unloaded(settings, ALL_GROUPS, strict=False)


def plugin_host(ctx: typer.Context) -> PluginHost:
    """Return the loaded plugins."""
    return invocation(ctx).plugin_host()


def open_session(ctx: typer.Context, **overrides: Any) -> Session:
    """Return the settings, the plugins and a reader over the store they name; use it in a `with` statement.

    Args: as `command_settings`.

    Raises:
        SettingsError: some value cannot be used. UnknownNameError: no such backend.
    """
    settings = command_settings(ctx, **overrides)
    host = plugin_host(ctx)
    reader = open_reader(settings, host)
    if isinstance(reader.backend, Explaining):
        reader.backend.on_progress = ReadingBar()
    return Session(settings, host, reader)
