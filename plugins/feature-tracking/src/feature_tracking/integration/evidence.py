"""Evidence: why a function is worth tracking, and under which category.

Weighs what a function is decorated with, what its class is, what it calls, which addresses and which words it uses; the
strongest finding decides. Knows nothing of files or of how code is changed.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from curio_tracking.records import FeatureCategory
from feature_tracking.integration import rules
from feature_tracking.integration.names import Function, Scope, dotted, imported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DECORATOR: Final = 100
HANDLER: Final = 90
ADDRESS: Final = 65
NAME: Final = 40
ANYTHING: Final = 0
"""A public function of which nothing is known but that it is public."""
_CALL_STRENGTH: Final[Mapping[FeatureCategory, int]] = {
    rules.AI: 64,
    rules.AGENTS: 62,
    rules.MCP: 60,
    rules.WEB: 58,
    rules.TERMINAL: 56,
    rules.DATABASE: 54,
    rules.SYSMON: 48,
    rules.CONFIG: 46,
    # files are how most of the others work, so a file alone says less than a telling name
    rules.FILES: 30,
}
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to track a function: the category it speaks for, in words, and how much it weighs."""

    strength: int
    category: FeatureCategory
    reason: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around a function.

    Attributes:
        module: its dotted name.
        libraries: top-level packages that the module imports.
        constants: texts that the module gives names to.
        owner: the class around it, "" for none.
        bases: origins of that class's base classes.
    """

    module: str
    libraries: frozenset[str]
    constants: Mapping[str, str]
    owner: str = ""
    bases: tuple[str, ...] = ()


def strongest(node: Function, scope: Scope, around: Surroundings) -> Evidence | None:
    """Return the weightiest reason to track the function; None if nothing speaks for it."""
    found = [*_decorators(node, scope, around), *_handler(node, around), *_body(node, scope, around)]
    known = {evidence.category for evidence in found}
    # what a function does says more than its name, where both say the same
    found += [evidence for evidence in _name(node, around) if evidence.category not in known]
    return max(found, key=lambda evidence: evidence.strength, default=None)


def anything(module: str) -> Evidence:
    """Return the reason that every public function has, under the category that its module's name points to."""
    for word in reversed(words(module)):
        for category, telling in rules.WORDS:
            if word in telling:
                return Evidence(ANYTHING, category, f'is public, in a module called "{module}"')
    return Evidence(ANYTHING, FeatureCategory.OTHER, "is public")


def words(name: str) -> list[str]:
    """Return the words of `snake_case`, `camelCase` or dotted names, in lower case."""
    return [word.lower() for word in _WORDS.findall(name)]


def libraries(tree: ast.Module) -> frozenset[str]:
    """Return the top-level names of all packages that are imported anywhere in the module."""
    return frozenset(
        origin.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for _name, origin in imported(node)
        if not origin.startswith(".")
    )


def constants(tree: ast.Module) -> dict[str, str]:
    """Return the texts that top-level assignments give names to."""
    return {
        target.id: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        if isinstance(statement.value.value, str)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


# -- what stands above and around it ----------------------------------------------------------------------------------


def _decorators(node: Function, scope: Scope, around: Surroundings) -> Iterator[Evidence]:
    outer = scope.outer or scope
    for decorator in node.decorator_list:
        category = _decorator_category(decorator, outer.origin(decorator) or "", around)
        if category:
            kind = {rules.WEB: "a page or route", rules.TERMINAL: "a command"}.get(category, "a tool of a server")
            yield Evidence(DECORATOR, category, f"is {kind}: @{dotted(decorator)}")


def _decorator_category(decorator: ast.expr, origin: str, around: Surroundings) -> FeatureCategory | None:
    last = dotted(decorator).rpartition(".")[2]
    if last in rules.COMMAND_METHODS and around.libraries & rules.COMMAND_LIBRARIES:
        return rules.TERMINAL
    if last in rules.TOOL_METHODS and (around.libraries & rules.TOOL_LIBRARIES or dotted(decorator) == f"mcp.{last}"):
        return rules.MCP
    is_route = last in rules.ROUTE_METHODS and _first_text(decorator).startswith("/")
    return rules.WEB if is_route or _is_below(origin, rules.VIEW_DECORATORS) else None


def _handler(node: Function, around: Surroundings) -> Iterator[Evidence]:
    base = next((base for base in around.bases if _is_below(base, rules.HANDLER_BASES)), None)
    if base and (node.name in rules.HANDLER_METHODS or node.name.startswith("do_")):
        yield Evidence(HANDLER, rules.WEB, f"answers requests: its class is a {base}")


def _name(node: Function, around: Surroundings) -> Iterator[Evidence]:
    parts = words(node.name)
    if not parts or parts[0] not in rules.VERBS or rules.IGNORED_PAIRS & set(pairwise(parts)):
        return
    owner = [] if parts[0] in rules.COLLECTION_VERBS else words(around.owner)
    for own, where in ((parts[1:], f'"{node.name}"'), (owner, f'class "{around.owner}"')):
        for category, telling in rules.WORDS:
            word = next((part for part in own if part in telling), None)
            if word:
                yield Evidence(NAME, category, f'"{word}" in {where}')
                return


# -- what it does -----------------------------------------------------------------------------------------------------


def _body(node: Function, scope: Scope, around: Surroundings) -> Iterator[Evidence]:
    for part in _in_source_order(node):
        if isinstance(part, ast.Call):
            yield from _call(part, scope)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from _text(part.value)
        elif isinstance(part, ast.Name) and part.id in around.constants:
            yield from _text(around.constants[part.id])


def _in_source_order(node: Function) -> list[ast.expr]:
    """Return the calls, names and literals of a function's body: of equal reasons the first one is shown."""
    kinds = ast.Call | ast.Constant | ast.Name
    found = [part for statement in node.body for part in ast.walk(statement) if isinstance(part, kinds)]
    return sorted(found, key=_place)


def _place(part: ast.expr) -> tuple[int, int, int, int]:
    return part.lineno, part.col_offset, part.end_lineno or 0, part.end_col_offset or 0


def _call(node: ast.Call, scope: Scope) -> Iterator[Evidence]:
    if dotted(node.func).rpartition(".")[2] in rules.IDLE_METHODS:
        return
    origin = scope.origin(node.func)
    category = _called(origin) if origin else _called_method(node)
    if category:
        yield Evidence(_CALL_STRENGTH[category], category, f"calls {_shown_call(node, origin)}")


def _called(origin: str) -> FeatureCategory | None:
    """Return the category of the longest origin in the rules that covers this one."""
    parts = origin.split(".")
    for length in range(len(parts), 0, -1):
        start = ".".join(parts[:length])
        if start in rules.CALLS:
            return rules.CALLS[start]
    return None


def _called_method(node: ast.Call) -> FeatureCategory | None:
    if not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr in rules.SQL_METHODS and rules.SQL_WORDS & set(_first_text(node).lower().split()[:1]):
        return rules.DATABASE
    return rules.METHODS.get(node.func.attr)


def _shown_call(node: ast.Call, origin: str | None) -> str:
    """Return the call as it is written, with the library it comes from where that cannot be seen."""
    name = dotted(node.func)
    if origin is None:
        return name or (f".{node.func.attr}" if isinstance(node.func, ast.Attribute) else "it")
    origin = origin.removeprefix("builtins.")
    return origin if name in ("", origin) else f"{name} ({origin.split('.')[0]})"


def _text(text: str) -> Iterator[Evidence]:
    for address, category in rules.ADDRESSES.items():
        if address in text:
            yield Evidence(ADDRESS, category, f"talks to {address}")


def _first_text(node: ast.expr) -> str:
    """Return the first argument of a call if it is a literal text, else ""; of f-strings the literal start."""
    first: ast.AST | None = node.args[0] if isinstance(node, ast.Call) and node.args else None
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _is_below(origin: str, roots: tuple[str, ...]) -> bool:
    return any(origin == root or origin.startswith(f"{root}.") for root in roots)
