"""Every extension point of Curio Tracking; this file is the plugin reference.

A plugin is a module (or object) with functions of these names, each marked `@hookimpl`, listed as an entry point:

    [project.entry-points.curio_tracking]            # loaded in the tracked application, on the writer thread
    my_plugin = "my_package.my_module"

    [project.entry-points."curio_tracking.surfaces"] # loaded by the CLI and the dashboard: may import typer, bottle
    my_pages = "my_package.my_pages"

The built-in backends, filters, commands and pages are registered in just this way. Hooks are called once, at start-up,
to collect objects; never once per record. Built-in plugins come first, the others by name, files of PLUGINS_DIR last;
`tryfirst` and `trylast` change that, except that parts of built-in plugins are always registered first: their names are
theirs. A plugin is imported when one of its hooks is called. One that raises is reported once and does not disturb the
others.

What is here stays: no hook, no argument of a hook and nothing that a `register` takes is ever taken away or renamed;
what is added may be left out, so a plugin written today works with every later version. Tests keep a record of all of
it. What a plugin should do without some day is announced where it is defined, and goes on working:

    @hookspec(warn_on_impl_args={"tracker": DeprecationWarning("why, and what to take instead")})

Plugins that use it (and no others) are each told once, in the log; `announcements` keeps it off the host's output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import typer
    from pydantic import BaseModel

    from curio_tracking.interfaces import (
        BackendFactory,
        EfficiencyFormula,
        ExporterFactory,
        FileWriter,
        FilterFactory,
    )
    from curio_tracking.reader import Reader
    from curio_tracking.tracker import FeatureTracker

PROJECT: Final = "curio_tracking"
ENTRY_POINT_GROUP: Final = "curio_tracking"
SURFACES_GROUP: Final = "curio_tracking.surfaces"
ALL_GROUPS: Final = (ENTRY_POINT_GROUP, SURFACES_GROUP)
"""What the command line and the dashboard load; a tracked application loads the first alone."""

hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)

FIRST_FILTER_ORDER: Final = 0
LAST_FILTER_ORDER: Final = 900
"""FILTERS cannot move a filter of these orders (or beyond) from the beginning and the end of the chain."""

DEFAULT_FILTER_ORDER: Final = 50
"""After `exclude` (0) and before `redact` (100): whatever a third-party filter adds is still redacted."""

_MEDIA_TYPE: Final = re.compile(r'[\w.+-]+/[\w.+-]+( ?; ?[\w.+-]+=["\w.+-]+)*', re.ASCII)


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a renderer returns to answer with something else than a page for people.

    Attributes:
        body: sent as it is, without the dashboard's frame.
        media_type: the Content-Type, for example `text/csv; charset=utf-8`.
    """

    body: bytes
    media_type: str

    def __post_init__(self) -> None:
        if not isinstance(self.body, bytes):
            raise TypeError(f"the body of a page's content is {type(self.body).__name__}, not bytes")
        if not isinstance(self.media_type, str) or not _MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError(f'{self.media_type!r} is no media type; "text/csv; charset=utf-8" is one')


PageRenderer: TypeAlias = "Callable[[Reader, Mapping[str, str]], str | PageContent]"
"""Makes the HTML of a page's body, or other content, from the store and the parameters of the URL."""


class RegisterBackend(Protocol):
    """How `curio_register_backends` hands a backend in."""

    def __call__(self, name: str, factory: BackendFactory, *, options: type[BaseModel] | None = None) -> None:
        """Let `FEATURE_TRACKING_BACKEND=name` build `factory(settings)`.

        `name` is letters and digits with single `-`, `_` or `.` between them, as are those of filters and exporters.
        `options` is the model of the backend's own options; `settings.options(name, Model)` reads them.
        """


class RegisterFilter(Protocol):
    """How `curio_register_filters` hands a filter in."""

    def __call__(
        self,
        name: str,
        factory: FilterFactory,
        *,
        order: int = DEFAULT_FILTER_ORDER,
        leaves_trace: bool = True,
        options: type[BaseModel] | None = None,
    ) -> None:
        """Put `factory(settings)` into the chain at `order` (low first); a factory may return None: not needed.

        `leaves_trace=False`: records this filter drops vanish without a count (the exclusion list asks for that).
        """


class RegisterExporter(Protocol):
    """How `curio_register_exporters` hands an exporter in."""

    def __call__(
        self,
        name: str,
        factory: ExporterFactory | None = None,
        *,
        file_writer: FileWriter | None = None,
        options: type[BaseModel] | None = None,
    ) -> None:
        """Show every written batch to `factory(settings)`; the factory may return None: not needed.

        `file_writer(records, stream)` makes `curio-tracking export --format name`. An exporter that is only that gives
        no factory, and belongs to the group of the surfaces: a tracked application need not import it.
        """


class RegisterCategory(Protocol):
    """How `curio_register_categories` names a category."""

    def __call__(self, name: str, description: str) -> None:
        """Allow `name` (lower case, digits, underscores) as a category."""


class RegisterInstrument(Protocol):
    """How `curio_register_instruments` hands an integration with another library in."""

    def __call__(self, name: str, install: Callable[[FeatureTracker], None]) -> None:
        """Call `install(tracker)` once, when the tracker has started."""


class RegisterEfficiency(Protocol):
    """How `curio_register_efficiency` replaces the formula."""

    def __call__(self, name: str, formula: EfficiencyFormula) -> None:
        """Use `formula(record, targets)` (0..1 or None; `efficiency.Targets`) wherever no explicit score was given."""


class RegisterPage(Protocol):
    """How `curio_register_pages` adds a page to the dashboard."""

    def __call__(self, slug: str, title: str, render: PageRenderer, *, path: str | None = None) -> None:
        """Serve `render(reader, query)` under `/pages/slug`, with a link in the navigation.

        `render` returns the HTML of the page's body; it escapes what it shows (`html.escape`). `query` holds the
        URL's parameters. The page gets the dashboard's frame, style and security headers. A `PageContent` is sent
        without the frame, under the same checks and headers.

        `path` is for what programs ask for, under an address that is not ours to choose, such as `/metrics`: the
        page answers there as well, and is not in the navigation. The dashboard's own addresses stay its own.
        """


class HookSpecs:
    """The hooks. `register` is called as often as needed, within the hook call only."""

    @hookspec
    def curio_register_backends(self, register: RegisterBackend) -> None:
        """Offer storage backends. When: at start-up of a tracker and of every command. Names are unique."""

    @hookspec
    def curio_register_filters(self, register: RegisterFilter) -> None:
        """Offer record filters. When: at start-up of a tracker. They run in `order`, or as FILTERS says."""

    @hookspec
    def curio_register_exporters(self, register: RegisterExporter) -> None:
        """Offer exporters, which see batches that were written. When: at start-up of a tracker."""

    @hookspec
    def curio_register_categories(self, register: RegisterCategory) -> None:
        """Name further categories. When: at start-up of a tracker and of every command."""

    @hookspec
    def curio_register_commands(self, app: typer.Typer) -> None:
        """Add commands to the CLI. When: at each start of the CLI, before arguments are read."""

    @hookspec
    def curio_register_pages(self, register: RegisterPage) -> None:
        """Add pages to the dashboard. When: at each start of the dashboard."""

    @hookspec
    def curio_register_instruments(self, register: RegisterInstrument) -> None:
        """Offer integrations that wrap another library's functions. When: at start-up of a tracker."""

    @hookspec
    def curio_register_efficiency(self, register: RegisterEfficiency) -> None:
        """Replace the efficiency formula. When: at start-up of a tracker. The last one registered counts."""

    @hookspec
    def curio_startup(self, tracker: FeatureTracker) -> None:
        """Learn that a tracker runs: settings, backend, filters are ready. Once per process, on the writer thread."""

    @hookspec
    def curio_shutdown(self, tracker: FeatureTracker) -> None:
        """Learn that a tracker has written its last batch. Once, within EXIT_TIMEOUT; not after a kill."""


HOOK_NAMES: Final[tuple[str, ...]] = tuple(name for name in vars(HookSpecs) if name.startswith("curio_"))
"""For documentation and tests: what may be implemented."""
