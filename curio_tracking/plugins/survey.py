"""Survey: which hooks a plugin implements, read in its source instead of by importing it.

That is what makes loading lazy without asking authors for anything: a module whose source names no hook that is wanted
is not imported. Where the source does not tell for certain, the plugin is imported. The text alone is searched: parsing
the source would cost every command as much again as importing the module.
"""

from __future__ import annotations

import importlib.util
import re
from importlib.machinery import ModuleSpec, PathFinder
from typing import Final

_HOOK_NAME: Final = re.compile(r"\bcurio_(?:register_\w+|startup|shutdown)\b")
_HIDING: Final = re.compile(
    r"\bimport[\s\\]*\*|\b(?:globals|vars|setattr|exec|eval|__getattr__|__dict__)\b",
)
"""How a module may get hooks that its source does not show."""
_METHOD: Final = re.compile(r"^[ \t]+(?:async[ \t]+)?def[ \t]+curio_", re.MULTILINE)
_BASES: Final = re.compile(r"^[ \t]*class[ \t]+\w+[ \t]*[\[(]", re.MULTILINE)


def names_in(source: str) -> frozenset[str]:
    """Return everything in the source that looks like the name of a hook, comments included."""
    return frozenset(_HOOK_NAME.findall(source))


def is_certain(source: str) -> bool:
    """Whether the source shows every hook that the module can have.

    Not where names come in by a star, by a base class or by code that makes names; not without any hook.
    """
    may_inherit = _METHOD.search(source) is not None and _BASES.search(source) is not None
    return bool(names_in(source)) and not may_inherit and _HIDING.search(source) is None


def source_of(module: str) -> str | None:
    """Return the source of a module, found as an import would find it; None where there is none to read.

    No package on the way to it is imported.

    Raises:
        ImportError, OSError, SyntaxError, ValueError: the finders and loaders of the environment may raise these.
    """
    spec = _spec_of(module)
    read = getattr(spec.loader, "get_source", None) if spec is not None else None
    text = read(module) if read is not None else None
    return text if isinstance(text, str) else None


def _spec_of(module: str) -> ModuleSpec | None:
    first, *rest = module.split(".")
    # a name without a dot: importlib would import the package of any other
    spec = importlib.util.find_spec(first)
    path = first
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        path = f"{path}.{part}"
        spec = PathFinder.find_spec(path, list(spec.submodule_search_locations))
    return spec
