"""The composition root: settings + plugins + filters + backend -> a running pipeline, or a reader.

The one place that knows how the parts are put together. `tracker` imports it late (on the writer thread), because it
pulls in pluggy and pydantic; the surfaces import it directly.
"""

from __future__ import annotations

import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import curio_tracking.messages  # noqa: F401 - before any plugin or page can log, with a logger of its own
from curio_tracking.collecting.assemble import Assembler, Place
from curio_tracking.collecting.guard import is_interrupt, one_line
from curio_tracking.collecting.pipeline import Pipeline
from curio_tracking.efficiency import blend, default_targets
from curio_tracking.errors import CurioError, PluginError, UnknownNameError
from curio_tracking.filtering import filter_chain, user_translation
from curio_tracking.health_files import HealthFile
from curio_tracking.interfaces import StorageBackend
from curio_tracking.logbook import warn
from curio_tracking.plugins import PluginHost, State, normal_name, with_methods
from curio_tracking.processes import known_processes
from curio_tracking.reader import Reader, choose
from curio_tracking.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.interfaces import BackendFactory, Exporter
    from curio_tracking.plugins import Part

_DOING: Final = ("append", "declare", "delete", "close")
"""What a backend does when it is called; what it finds may come from generators."""


def load_pipeline(overrides: Mapping[str, Any], *, strict: bool) -> Pipeline:
    """Read the settings, load the plugins and put the pipeline together. The backend touches no file yet.

    Args:
        overrides: settings given as arguments.
        strict: whether bad input raises (for `FeatureTracker(...)` and `configure`), or is logged and replaced by a
            default (for the default tracker in a host).

    Raises:
        CurioError: with `strict`, a setting, backend or plugin cannot be used.
    """
    settings = load_settings(overrides, strict=strict)
    for problem in settings.problems:
        warn(problem)
    return put_together(settings, PluginHost.for_settings(settings), strict=strict)


def put_together(settings: Settings, host: PluginHost, *, strict: bool) -> Pipeline:
    """Return a new pipeline of these settings and plugins.

    Raises:
        CurioError: with `strict`, the backend cannot be used.
    """
    backend = _writing_backend(settings, host, strict=strict)
    formula = host.formula.factory if host.formula is not None else blend
    return Pipeline(
        settings,
        host,
        Assembler(_place(settings), host.categories, formula, default_targets(settings)),
        filter_chain(settings, host),
        backend,
        _exporters(settings, host),
        _health_file(settings, backend),
    )


def open_reader(settings: Settings, host: PluginHost | None = None) -> Reader:
    """Return a reader over the store that the settings name; creates no file.

    Raises:
        UnknownNameError: no such backend. CurioError: the backend's options are wrong.
    """
    host = host or PluginHost.for_settings(settings)
    return Reader(
        make_backend(settings, host),
        tuple(host.categories),
        user_translation(settings, host),
        partial(known_processes, settings.data_dir),
    )


def make_backend(settings: Settings, host: PluginHost) -> StorageBackend:
    """Return a new instance of the backend that the settings name.

    Raises:
        UnknownNameError: it is not installed; the message lists what is. PluginError: its plugin is disabled or broken.
        SettingsError: its options cannot be used.
    """
    return _made(_backend_part(settings, host), settings)


def _backend_part(settings: Settings, host: PluginHost) -> Part[BackendFactory]:
    part = host.backend(settings.backend)
    if part is not None:
        return part
    name, source = settings.backend, settings.sources.get("backend", "default")
    for state in host.plugins():
        if normal_name(state.name) == normal_name(name) and state.state is State.DISABLED:
            raise PluginError(
                f'backend "{name}" (from {source}) is disabled: take "{state.name}" out of '
                f'FEATURE_TRACKING_PLUGINS_DISABLED, or name it (or "{state.distribution}") in '
                f"FEATURE_TRACKING_PLUGINS_ONLY"
            )
        if normal_name(state.name) == normal_name(name) and state.state is State.BROKEN:
            raise PluginError(f'backend "{name}" (from {source}): {state.label} {state.problem}; {state.remedy}')
    known = sorted(host.all_backends())
    try:
        return host.all_backends()[choose("backend", name, known)]
    except UnknownNameError:
        installed = ", ".join(known) or "none"
        raise UnknownNameError(f'unknown backend "{name}" (from {source}); installed: {installed}') from None


def _made(part: Part[BackendFactory], settings: Settings) -> StorageBackend:
    """Return the backend that the plugin makes, after a look at whether it is one."""
    try:
        backend: object = part.factory(settings)
        if isinstance(backend, StorageBackend):
            with_methods(backend, *_DOING)
    except CurioError:
        raise
    except BaseException as error:
        if is_interrupt(error):
            raise
        reason = f"cannot make its backend: {one_line(error)}"
        raise PluginError(part.owner.complaint(reason)) from error
    if not isinstance(backend, StorageBackend):
        reason = f"made a {type(backend).__name__}, which is no storage backend"
        raise PluginError(part.owner.complaint(reason))
    return backend


def _writing_backend(settings: Settings, host: PluginHost, *, strict: bool) -> StorageBackend:
    try:
        return make_backend(settings, host)
    except CurioError as error:
        default = type(settings).model_fields["backend"].default
        if strict or settings.backend == default or (part := host.backend(default)) is None:
            raise
        warn(f"{error}; using the default {default}")
        return _made(part, settings)


def _exporters(settings: Settings, host: PluginHost) -> dict[str, Exporter]:
    made: dict[str, Exporter] = {}
    for part in host.exporters.values():
        try:
            exporter = with_methods(part.factory(settings), "export", "close")
        except BaseException as error:
            if is_interrupt(error):
                raise
            warn(part.owner.complaint(f'cannot make its exporter "{part.name}": {one_line(error)}'))
            continue
        if exporter is not None:
            made[part.name] = exporter
    return made


def _health_file(settings: Settings, backend: StorageBackend) -> HealthFile | None:
    """Return where other processes can read how this one is; nowhere if they could not read its records either."""
    if not getattr(backend, "serves_processes", True):
        return None
    about = {name: getattr(settings, name) for name in ("app", "version", "environment", "backend")}
    days, pause = settings.retention_days, settings.flush_seconds
    return HealthFile(settings.data_dir, about, retention_days=days, flush_seconds=pause)


def _place(settings: Settings) -> Place:
    return Place(
        process_id=os.getpid(),
        host=socket.gethostname() or None,
        app=settings.app,
        version=settings.version,
        environment=settings.environment,
    )
