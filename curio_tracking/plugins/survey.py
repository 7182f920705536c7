"""Survey: which hooks a plugin implements, read in its source instead of by importing it.

That is what makes loading lazy without asking authors for anything: a module whose source names no hook that is wanted
is not imported. Where the source does not tell for certain, the answer is None, and the plugin is imported.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from importlib.machinery import ModuleSpec, PathFinder
from typing import Final

_HOOK_NAME: Final = re.compile(r"\bcurio_(?:register_\w+|startup|shutdown)\b")
_DYNAMIC: Final = frozenset({"globals", "vars", "setattr", "exec", "eval", "__getattr__", "__dict__"})
"""Names by which a module may get hooks that its source does not show."""


def names_in(source: str) -> frozenset[str]:
    """Return everything in the source that looks like the name of a hook, comments included."""
    return frozenset(_HOOK_NAME.findall(source))


def is_certain(source: str) -> bool:
    """Whether the source shows every hook that the module can have.

    Not where names come in by a star, by a base class from elsewhere or by code that makes names; not without any hook.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(source)
    return bool(names_in(source)) and not any(map(_may_hide_hooks, ast.walk(tree)))


def _may_hide_hooks(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return any(alias.name == "*" for alias in node.names)
    if isinstance(node, ast.ClassDef):
        has_hooks = any(isinstance(part, ast.FunctionDef) and _HOOK_NAME.match(part.name) for part in node.body)
        return has_hooks and bool(node.bases or node.keywords)
    if isinstance(node, ast.Name):
        return node.id in _DYNAMIC
    if isinstance(node, ast.Attribute):
        return node.attr in _DYNAMIC
    return isinstance(node, ast.FunctionDef) and node.name in _DYNAMIC


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
