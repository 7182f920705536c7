"""Registry: the parts that plugins have registered, each with its owner, so that a failed one can be taken out again.

The `register_...` methods are what the hooks hand to plugins. A name belongs to whoever came first: built-in plugins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from curio_tracking.errors import PluginError
from curio_tracking.hookspecs import DEFAULT_FILTER_ORDER
from curio_tracking.plugins.deferred import ADVICE, is_deferred
from curio_tracking.vocabulary import FeatureCategory

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from curio_tracking.hookspecs import PageRenderer
    from curio_tracking.interfaces import (
        BackendFactory,
        EfficiencyFormula,
        ExporterFactory,
        FileWriter,
        FilterFactory,
    )
    from curio_tracking.plugins.states import PluginState
    from curio_tracking.tracker import FeatureTracker

BUILT_IN_CATEGORIES: Final = {category.value: "built in" for category in FeatureCategory}
_CATEGORY_NAME: Final = re.compile(r"[a-z0-9_]+")
# what a variable can name: separators are underscores there, and two of them end the name (`setting_options`)
_NAME_IN_SETTINGS: Final = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*", re.ASCII | re.IGNORECASE)
_NAMED_BY_SETTINGS: Final = ("backend", "filter", "exporter", "export format")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Part(Generic[_Made]):
    """Something that a plugin registered.

    Attributes:
        name, owner: its own name, and the plugin it came from.
        factory: what makes it, or what it is.
        options: the model of its options, if it has any.
        order, leaves_trace: of filters only, see `RegisterFilter`.
        description: of categories only.
    """

    name: str
    owner: PluginState
    factory: _Made
    options: type[BaseModel] | None = None
    order: int = DEFAULT_FILTER_ORDER
    leaves_trace: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the dashboard that a plugin registered; see `RegisterPage`."""

    slug: str
    title: str
    render: PageRenderer
    path: str | None = None


def with_methods(made: _Made, *names: str) -> _Made:
    """Return what a factory has made, after a look at whether it can do what its kind does; None stands for nothing.

    Raises:
        TypeError: a method is missing, or would do nothing when it is called.
    """
    for name in names if made is not None else ():
        method = getattr(made, name, None)
        if not callable(method):
            raise TypeError(f"made a {type(made).__name__}, which has no method {name}")
        if is_deferred(method):
            raise TypeError(f"made a {type(made).__name__}, whose {name} {ADVICE}")
    return made


class Registry:
    """Every part, by kind and name.

    Attributes:
        calling: the plugin whose hook runs at this moment.
        registering: what each registering hook hands to plugins, in the order in which the hooks are called.
    """

    def __init__(self) -> None:
        self.calling: PluginState | None = None
        self.backends: dict[str, Part[BackendFactory]] = {}
        self.filters: dict[str, Part[FilterFactory]] = {}
        self.exporters: dict[str, Part[ExporterFactory]] = {}
        self.file_writers: dict[str, Part[FileWriter]] = {}
        self.categories: dict[str, Part[None]] = {}
        self.formulas: dict[str, Part[EfficiencyFormula]] = {}
        self.instruments: dict[str, Part[Callable[[FeatureTracker], None]]] = {}
        self.pages: dict[str, Part[Page]] = {}
        self.registering: dict[str, Callable[..., None]] = {
            "curio_register_filters": self.register_filter,
            "curio_register_exporters": self.register_exporter,
            "curio_register_categories": self.register_category,
            "curio_register_efficiency": self.register_efficiency,
            "curio_register_instruments": self.register_instrument,
            "curio_register_backends": self.register_backend,
            "curio_register_pages": self.register_page,
        }

    def forget(self, owner: PluginState) -> None:
        """Take out everything that a plugin has registered."""
        for parts in self._kinds():
            for name in [name for name, part in parts.items() if part.owner is owner]:
                del parts[name]

    def _kinds(self) -> tuple[dict[str, Any], ...]:
        return (
            self.backends,
            self.filters,
            self.exporters,
            self.file_writers,
            self.categories,
            self.formulas,
            self.instruments,
            self.pages,
        )

    # -- what plugins call ------------------------------------------------------------------------------------------

    def register_backend(self, name: str, factory: BackendFactory, *, options: type[BaseModel] | None = None) -> None:
        """See `RegisterBackend`."""
        self._add("backend", self.backends, Part(name, self._owner(), factory, options))

    def register_filter(
        self,
        name: str,
        factory: FilterFactory,
        *,
        order: int = DEFAULT_FILTER_ORDER,
        leaves_trace: bool = True,
        options: type[BaseModel] | None = None,
    ) -> None:
        """See `RegisterFilter`."""
        # refused here, where the plugin is known: the chain that is sorted later is everybody's
        if not isinstance(order, int):
            raise PluginError(f'the filter "{name}" is registered with order={order!r}; give a whole number')
        self._add("filter", self.filters, Part(name, self._owner(), factory, options, order, leaves_trace))

    def register_exporter(
        self,
        name: str,
        factory: ExporterFactory | None = None,
        *,
        file_writer: FileWriter | None = None,
        options: type[BaseModel] | None = None,
    ) -> None:
        """See `RegisterExporter`."""
        if factory is None and file_writer is None:
            raise PluginError(f'the exporter "{name}" has neither a factory nor a file_writer; give one of them')
        if factory is not None:
            self._add("exporter", self.exporters, Part(name, self._owner(), factory, options))
        if file_writer is not None:
            self._add("export format", self.file_writers, Part(name, self._owner(), file_writer, options))

    def register_category(self, name: str, description: str) -> None:
        """See `RegisterCategory`."""
        if not isinstance(name, str) or not _CATEGORY_NAME.fullmatch(name):
            raise PluginError(f'category "{name}" must be lower case letters, digits and underscores')
        if name in BUILT_IN_CATEGORIES:
            raise PluginError(f'the category "{name}" is built in; choose another name')
        self._add("category", self.categories, Part(name, self._owner(), None, description=description))

    def register_efficiency(self, name: str, formula: EfficiencyFormula) -> None:
        """See `RegisterEfficiency`."""
        self._add("efficiency formula", self.formulas, Part(name, self._owner(), formula))

    def register_instrument(self, name: str, install: Callable[[FeatureTracker], None]) -> None:
        """See `RegisterInstrument`."""
        self._add("instrument", self.instruments, Part(name, self._owner(), install))

    def register_page(self, slug: str, title: str, render: PageRenderer, *, path: str | None = None) -> None:
        """See `RegisterPage`."""
        if isinstance(slug, str) and "/" in slug:
            raise PluginError(f'the page "{slug}" has a / in its name, so no address would lead to it; leave that out')
        if path is not None and (not isinstance(path, str) or not path.startswith("/")):
            raise PluginError(f'the page "{slug}" is registered at the address {path!r}; give one that begins with /')
        self._add("page", self.pages, Part(slug, self._owner(), Page(slug, title, render, path)))

    def _owner(self) -> PluginState:
        if self.calling is None:
            raise PluginError("register works only while the hook runs; call it there")
        return self.calling

    def _add(self, kind: str, parts: dict[str, Part[_Made]], part: Part[_Made]) -> None:
        if not isinstance(part.name, str) or not part.name:
            raise PluginError(f"the name of the {kind} is {part.name!r}; give a text")
        if kind in _NAMED_BY_SETTINGS and not _NAME_IN_SETTINGS.fullmatch(part.name):
            raise PluginError(
                f"the name of the {kind} is {part.name!r}, which no variable can name; "
                f"give letters and digits, with single dashes, underscores or dots between them"
            )
        if parts is not self.categories and not callable(part.factory) and not isinstance(part.factory, Page):
            raise PluginError(f'the {kind} "{part.name}" is registered with {part.factory!r}, which cannot be called')
        if is_deferred(part.factory):
            raise PluginError(f'what the {kind} "{part.name}" is registered with {ADVICE}')
        if part.name in parts:
            owner = parts[part.name].owner
            raise PluginError(f'the {kind} "{part.name}" is registered already, by {owner.label}; choose another name')
        if part.options is not None and not hasattr(part.options, "model_config"):
            is_class = isinstance(part.options, type)
            what = f"the class {part.options.__name__}" if is_class else f"a {type(part.options).__name__}"
            raise PluginError(f'the options of "{part.name}" are {what}; give a class, a pydantic model')
        if part.options is not None and part.options.model_config.get("extra") != "forbid":
            raise PluginError(
                f'the options of "{part.name}" would take misspelt ones in silence; '
                f'give the model model_config = ConfigDict(extra="forbid")'
            )
        parts[part.name] = part
