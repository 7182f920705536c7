"""Filtering: puts the chain of filters together: in their order, closed where one is missing.

For collected records (`filter_chain`), for imported ones (`import_chain`), and backwards for questions about users
(`user_translation`). Used by `runtime` and by the command `import`; knows no filter.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from curio_tracking.collecting.chain import Apply, FilterChain, FilterStep, drop
from curio_tracking.collecting.guard import Guard, is_interrupt, one_line
from curio_tracking.errors import PluginError
from curio_tracking.hookspecs import FIRST_FILTER_ORDER, LAST_FILTER_ORDER
from curio_tracking.interfaces import ImportAwareFilter
from curio_tracking.logbook import warn
from curio_tracking.plugins import State, normal_name, with_methods
from curio_tracking.vocabulary import LONGEST_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking.interfaces import FilterFactory, RecordFilter
    from curio_tracking.plugins import Part, PluginHost
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings


def _as_made(made: RecordFilter | None) -> RecordFilter | None:
    return made


def filter_chain(
    settings: Settings, host: PluginHost, prepared: Callable[[RecordFilter | None], RecordFilter | None] = _as_made
) -> FilterChain:
    """Build the filters and put them into a chain; see `filter_steps`."""
    return FilterChain(filter_steps(settings, host, prepared))


def filter_steps(
    settings: Settings, host: PluginHost, prepared: Callable[[RecordFilter | None], RecordFilter | None] = _as_made
) -> list[FilterStep]:
    """Build the filters: those named in FILTERS first, in that order, then the rest by their own order.

    What must be first (exclude: nothing may see an excluded feature) and last (size: a secret that was cut short is no
    longer recognised) keeps its place.

    Args:
        settings: which filters, and how.
        host: the loaded plugins.
        prepared: what to put in the place of a filter, or None to leave it out.
    """
    named = {name: position for position, name in enumerate(settings.filters)}
    parts = sorted(
        host.filters.values(),
        key=lambda part: (_rank(part.order), named.get(part.name, len(named)), part.order, part.name),
    )
    steps = [step for part in parts if (step := _step(part, settings, prepared)) is not None]
    missing = [name for name in named if name not in host.filters]
    return [*_missing_privacy(settings, host), *_missing_named(missing, host), *steps]


def _step(
    part: Part[FilterFactory],
    settings: Settings,
    prepared: Callable[[RecordFilter | None], RecordFilter | None],
) -> FilterStep | None:
    apply: Apply | None
    try:
        made = with_methods(prepared(part.factory(settings)), "apply")
        apply = None if made is None else made.apply
    except BaseException as error:
        if is_interrupt(error):
            raise
        reason = f'cannot make its filter "{part.name}", so records are dropped: {one_line(error)}'
        warn(part.owner.complaint(reason))
        apply = drop
    return None if apply is None else FilterStep(part.name, apply, leaves_trace=part.leaves_trace)


def _rank(order: int) -> int:
    return 0 if order <= FIRST_FILTER_ORDER else 2 if order >= LAST_FILTER_ORDER else 1


def _missing_named(names: list[str], host: PluginHost) -> list[FilterStep]:
    """Say which filters of FILTERS there are not; fail closed where a plugin that is broken was to bring one."""
    broken = {normal_name(state.name) for state in host.plugins() if state.state is State.BROKEN}
    steps = []
    for name in names:
        if normal_name(name) in broken:
            warn(f'filter "{name}" is broken, so records are dropped; mend it or take it out of FILTERS')
            steps.append(FilterStep(name, drop))
        else:
            known = ", ".join(sorted(host.filters))
            warn(f'FEATURE_TRACKING_FILTERS: unknown filter "{name}"; known: {known}')
    return steps


def _missing_privacy(settings: Settings, host: PluginHost) -> list[FilterStep]:
    """Fail closed: where a privacy filter is missing (disabled, broken), leave out what it would have protected."""
    steps = []
    if "anonymize" not in host.filters and settings.anonymize:
        steps.append(FilterStep("anonymize", _without_ids))
    if "exclude" not in host.filters and settings.exclude:
        steps.append(FilterStep("exclude", drop, leaves_trace=False))
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


def import_chain(settings: Settings, host: PluginHost, *, is_rehearsal: bool = False) -> ImportChain:
    """Return the filters for records that come out of a file: those of collected ones, each as it is for imports.

    Args:
        settings: which filters, and how.
        host: the loaded plugins.
        is_rehearsal: whether nothing will be stored, so that the filters may create nothing either.
    """

    def prepared(made: RecordFilter | None) -> RecordFilter | None:
        return made.for_imports(is_rehearsal=is_rehearsal) if isinstance(made, ImportAwareFilter) else made

    return ImportChain(filter_chain(settings, host, prepared))


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
        dropped: Counter[str] = Counter()
        kept = next(iter(self._chain.apply([record], 1, dropped, self._guard)), None)
        if any(reason.endswith("_error") for reason in dropped):
            raise PluginError("a filter failed")
        return kept


def plain_ids(user_id: str) -> tuple[str, ...]:
    """Return what a plain id is stored as: by imports all of it, by calls `LONGEST_ID` of it; the longer one first."""
    return tuple(dict.fromkeys((user_id, user_id[:LONGEST_ID])))


def user_translation(settings: Settings, host: PluginHost) -> Callable[[str], frozenset[str]]:
    """Return what turns a plain user id into every id it may be stored under (itself where nothing renames users)."""

    def stored_ids(user_id: str) -> frozenset[str]:
        # the filters are made for the question, which most readers never ask
        ids = [translate(user_id) for translate in _translators(settings, host)]
        return frozenset().union(*ids) if ids else frozenset(plain_ids(user_id))

    return stored_ids


def _translators(settings: Settings, host: PluginHost) -> list[Callable[[str], frozenset[str]]]:
    found = []
    for part in host.filters.values():
        try:
            translate = getattr(part.factory(settings), "stored_user_ids", None)
        except BaseException as error:
            if is_interrupt(error):
                raise
            warn(part.owner.complaint(f'cannot make its filter "{part.name}": {one_line(error)}'))
            continue
        if translate is not None:
            found.append(translate)
    return found
