"""The composition root: settings + plugins + filters + backend -> a running pipeline, or a reader.

The one place that knows how the parts are put together. `tracker` imports it late (on the writer thread), because it
pulls in pluggy and pydantic; the surfaces import it directly.
"""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.assemble import Assembler, Place
from curio_tracking.collecting.chain import FilterChain, FilterStep
from curio_tracking.collecting.guard import Guard
from curio_tracking.collecting.pipeline import Pipeline
from curio_tracking.efficiency import blend, default_targets
from curio_tracking.errors import CurioError, PluginError, UnknownNameError
from curio_tracking.hookspecs import FIRST_FILTER_ORDER, LAST_FILTER_ORDER
from curio_tracking.interfaces import ImportAwareFilter
from curio_tracking.plugins import PluginHost, one_line
from curio_tracking.reader import Reader, choose
from curio_tracking.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from curio_tracking.interfaces import Exporter, RecordFilter, StorageBackend
    from curio_tracking.records import FeatureRecord

_log: Final = logging.getLogger("curio_tracking")


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
        _log.warning("%s", problem)
    host = PluginHost.for_settings(settings)
    return Pipeline(
        settings,
        host,
        Assembler(_place(settings), host.categories, host.efficiency or blend, default_targets(settings)),
        _filter_chain(settings, host),
        _writing_backend(settings, host, strict=strict),
        _exporters(settings, host),
    )


def open_reader(settings: Settings, host: PluginHost | None = None) -> Reader:
    """Return a reader over the store that the settings name; creates no file.

    Raises:
        UnknownNameError: no such backend. CurioError: the backend's options are wrong.
    """
    host = host or PluginHost.for_settings(settings)
    return Reader(make_backend(settings, host), tuple(host.categories), user_translation(settings, host))


def import_chain(settings: Settings, host: PluginHost, *, is_rehearsal: bool = False) -> ImportChain:
    """Return the filters for records that come out of a file: those of collected ones, each as it is for imports.

    Args:
        settings: which filters, and how.
        host: the loaded plugins.
        is_rehearsal: whether nothing will be stored, so that the filters may create nothing either.
    """

    def prepared(made: RecordFilter | None) -> RecordFilter | None:
        return made.for_imports(is_rehearsal=is_rehearsal) if isinstance(made, ImportAwareFilter) else made

    return ImportChain(_filter_chain(settings, host, prepared))


class ImportChain:
    """The filters for imported records."""

    def __init__(self, chain: FilterChain) -> None:
        self._chain = chain
        self._guard = Guard()

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        """Return the record as the filters leave it, or None if one of them dropped it.

        Raises:
            PluginError: a filter raised.
        """
        failures = self._guard.errors.total()
        kept = next(iter(self._chain.apply([record], 1, self._guard)), None)
        if kept is None and self._guard.errors.total() > failures:
            raise PluginError("a filter failed")
        return kept


def make_backend(settings: Settings, host: PluginHost) -> StorageBackend:
    """Return a new instance of the backend that the settings name.

    Raises:
        UnknownNameError: it is not installed; the message lists what is.
    """
    name = settings.backend
    if name not in host.backends:
        broken = [state for state in host.plugins() if state.name == name and state.state != "active"]
        if broken:
            raise PluginError(f'backend "{name}" is {broken[0].state}: {broken[0].problem or "see plugins list"}')
        name = _choose_backend(name, host, settings.sources.get("backend", "default"))
    return host.backends[name].factory(settings)


def _choose_backend(name: str, host: PluginHost, source: str) -> str:
    try:
        return choose("backend", name, sorted(host.backends))
    except UnknownNameError:
        installed = ", ".join(sorted(host.backends)) or "none"
        raise UnknownNameError(f'unknown backend "{name}" (from {source}); installed: {installed}') from None


def user_translation(settings: Settings, host: PluginHost) -> Callable[[str], frozenset[str]]:
    """Return what turns a plain user id into every id it may be stored under (itself where nothing renames users)."""
    translators = []
    for part in host.filters.values():
        try:
            made = part.factory(settings)
        except Exception as error:
            _log.warning('filter "%s" cannot be made: %s', part.name, one_line(error))
            continue
        translate = getattr(made, "stored_user_ids", None)
        if translate is not None:
            translators.append(translate)
    if not translators:
        return lambda user_id: frozenset({user_id})
    return lambda user_id: frozenset().union(*(translate(user_id) for translate in translators))


def _writing_backend(settings: Settings, host: PluginHost, *, strict: bool) -> StorageBackend:
    try:
        return make_backend(settings, host)
    except CurioError as error:
        default = type(settings).model_fields["backend"].default
        if strict or settings.backend == default:
            raise
        _log.warning("%s; using the default %s", error, default)
        return host.backends[default].factory(settings)


def _as_made(made: RecordFilter | None) -> RecordFilter | None:
    return made


def _filter_chain(
    settings: Settings, host: PluginHost, prepared: Callable[[RecordFilter | None], RecordFilter | None] = _as_made
) -> FilterChain:
    """Build the filters: those named in FILTERS first, in that order, then the rest by their own order.

    What must be first (exclude: nothing may see an excluded feature) and last (size: a secret that was cut short is no
    longer recognised) keeps its place.
    """
    named = {name: position for position, name in enumerate(settings.filters)}
    for name in set(named) - set(host.filters):
        _log.warning('FEATURE_TRACKING_FILTERS: unknown filter "%s"; known: %s', name, ", ".join(sorted(host.filters)))
    parts = sorted(
        host.filters.values(),
        key=lambda part: (_rank(part.order), named.get(part.name, len(named)), part.order, part.name),
    )
    steps = []
    for part in parts:
        try:
            made = prepared(part.factory(settings))
        except Exception as error:
            _log.warning('filter "%s" cannot be made, so records are dropped: %s', part.name, one_line(error))
            made = _Closed()
        if made is not None:
            steps.append(FilterStep(part.name, made.apply, leaves_trace=part.leaves_trace))
    return FilterChain(_missing_privacy(settings, host) + steps)


def _rank(order: int) -> int:
    return 0 if order <= FIRST_FILTER_ORDER else 2 if order >= LAST_FILTER_ORDER else 1


class _Closed:
    """Stands in for a filter that could not be made: lets nothing through."""

    def apply(self, _record: FeatureRecord) -> None:
        """Drop the record."""
        return


def _missing_privacy(settings: Settings, host: PluginHost) -> list[FilterStep]:
    """Fail closed: where a privacy filter is missing (disabled, broken), leave out what it would have protected."""
    steps = []
    if "anonymize" not in host.filters and settings.anonymize:
        steps.append(FilterStep("anonymize", _without_ids))
    if "exclude" not in host.filters and settings.exclude:
        steps.append(FilterStep("exclude", _Closed().apply, leaves_trace=False))
    if "redact" not in host.filters:
        steps.append(FilterStep("redact", _without_texts))
    return steps


def _without_ids(record: FeatureRecord) -> FeatureRecord:
    record.user_id = record.session_id = None
    return record


def _without_texts(record: FeatureRecord) -> FeatureRecord:
    record.error_message = None
    record.metadata = {key: value for key, value in record.metadata.items() if key == "_folded"}
    return record


def _exporters(settings: Settings, host: PluginHost) -> dict[str, Exporter]:
    made = {}
    for part in host.exporters.values():
        try:
            exporter = part.factory(settings)
        except Exception as error:
            _log.warning('exporter "%s" cannot be made: %s', part.name, one_line(error))
            continue
        if exporter is not None:
            made[part.name] = exporter
    return made


def _place(settings: Settings) -> Place:
    return Place(
        process_id=os.getpid(),
        host=socket.gethostname() or None,
        app=settings.app,
        version=settings.version,
        environment=settings.environment,
    )
