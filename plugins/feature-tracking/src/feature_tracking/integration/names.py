"""Names: what an expression in somebody's code refers to, as a dotted origin such as `sqlite3.connect.execute`.

Imports, assignments, `with ... as` and annotations are followed; calls, awaits and subscripts stand for what they are
taken from, so the methods of `connection = sqlite3.connect(path)` are known to be sqlite3's. What the code base defines
itself begins with a dot. Reads `ast` trees only; imports nothing of the project.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Origins: TypeAlias = dict[str, str | None]
"""Name -> origin; None: bound here, but nothing is known of it."""
_BUILTINS: Final = frozenset(dir(builtins))
_WRAPPERS: Final = frozenset({"typing.Optional", "typing.Annotated", "typing.Final", "typing.ClassVar"})


class Scope:
    """The names of a module, class body or function, and those around it."""

    def __init__(self, outer: Scope | None = None, *, is_class: bool = False) -> None:
        self.outer = outer
        self.is_class = is_class
        self.origins: Origins = {}
        self.attributes: Origins = {}
        """Of `self`, in a class."""
        self.receiver: str | None = None
        """What a method calls its object."""

    def bind(self, name: str, origin: str | None) -> None:
        """Note what a name refers to; the first thing that is known of it counts."""
        if self.origins.get(name) is None:
            self.origins[name] = origin

    def lookup(self, name: str) -> str | None:
        """Return the origin of a name; `builtins.open` for what nobody has bound."""
        scope: Scope | None = self
        while scope is not None:
            # a method does not see the names of its class: its `open` is the built-in one
            if name in scope.origins and (scope is self or not scope.is_class):
                return scope.origins[name]
            scope = scope.outer
        return f"builtins.{name}" if name in _BUILTINS else None

    def origin(self, node: ast.expr | None) -> str | None:
        """Return what the expression refers to or is taken from; None if that cannot be told."""
        match node:
            case ast.Name():
                return self.lookup(node.id)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self.origin(node.func)
            case ast.Await() | ast.Subscript() | ast.NamedExpr() | ast.Starred():
                return self.origin(node.value)
            case ast.BinOp(op=ast.Div()):
                return self.origin(node.left)  # pathlib's joining
        return None

    def _attribute(self, node: ast.Attribute) -> str | None:
        if isinstance(node.value, ast.Name) and node.value.id == self.receiver:
            return self._own_attribute(node.attr)
        origin = self.origin(node.value)
        return f"{origin}.{node.attr}" if origin else None

    def _own_attribute(self, name: str) -> str | None:
        return self.outer.attributes.get(name) if self.outer else None

    def annotated(self, node: ast.expr | None) -> str | None:
        """Return the origin of the type that an annotation names, looking into `X | None`, `Optional[X]`, "X"."""
        match node:
            case ast.Constant(value=str() as text):
                return self.annotated(_parsed(text))
            case ast.BinOp(op=ast.BitOr()):
                return self.annotated(node.left) or self.annotated(node.right)
            case ast.Subscript() if self.origin(node.value) in _WRAPPERS:
                inner = node.slice
                return self.annotated(inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner)
            case ast.Name() | ast.Attribute():
                return self.origin(node)
        return None


def module_scope(tree: ast.Module) -> Scope:
    """Return the names of a module: its imports, definitions and assignments, also those under `if` and `try`."""
    scope = Scope()
    _bind_all(scope, statements(tree.body))
    return scope


def class_scope(node: ast.ClassDef, outer: Scope) -> Scope:
    """Return the names of a class body, with what its methods assign to attributes of their object."""
    scope = Scope(outer, is_class=True)
    _bind_all(scope, statements(node.body))
    scope.attributes.update(scope.origins)
    for method in node.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            _bind_attributes(scope, method)
    return scope


def function_scope(node: Function, outer: Scope, *, is_method: bool) -> Scope:
    """Return the names of a function: parameters with their annotations, then what its body binds."""
    scope = Scope(outer)
    arguments = node.args
    everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    if is_method and everything and not _is_static(node):
        scope.receiver = everything[0].arg
    for argument in everything:
        scope.bind(argument.arg, outer.annotated(argument.annotation))
    for argument in filter(None, (arguments.vararg, arguments.kwarg)):
        scope.bind(argument.arg, None)
    _bind_all(scope, statements(node.body))
    return scope


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run with the module or class, also inside `if`, `try`, `with`, loops and `match`."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from statements(block)


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a compound statement that belong to the same scope."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def is_for_type_checkers(statement: ast.stmt) -> bool:
    """Whether this is an `if TYPE_CHECKING:`, whose body never runs."""
    return isinstance(statement, ast.If) and dotted(statement.test).rpartition(".")[2] == "TYPE_CHECKING"


def dotted(node: ast.expr) -> str:
    """Return `app.route` for the expression `app.route("/")`; "" for what has no name."""
    match node:
        case ast.Call():
            return dotted(node.func)
        case ast.Attribute():
            before = dotted(node.value)
            return f"{before}.{node.attr}" if before else ""
        case ast.Name():
            return node.id
    return ""


def _bind_all(scope: Scope, found: Iterable[ast.stmt]) -> None:
    for statement in found:
        _bind(scope, statement)


def _bind(scope: Scope, statement: ast.stmt) -> None:
    match statement:
        case ast.Import() | ast.ImportFrom():
            for name, origin in imported(statement):
                scope.bind(name, origin)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            scope.bind(statement.name, f".{statement.name}")
        case ast.Assign():
            for target in statement.targets:
                _bind_target(scope, target, scope.origin(statement.value))
        case ast.AnnAssign():
            value = scope.origin(statement.value) or scope.annotated(statement.annotation)
            _bind_target(scope, statement.target, value)
        case ast.With() | ast.AsyncWith():
            for item in statement.items:
                _bind_target(scope, item.optional_vars, scope.origin(item.context_expr))
        case ast.For() | ast.AsyncFor():
            _bind_target(scope, statement.target, None)


def _bind_target(scope: Scope, target: ast.expr | None, origin: str | None) -> None:
    match target:
        case ast.Name():
            scope.bind(target.id, origin)
        case ast.Tuple() | ast.List():
            for part in target.elts:
                _bind_target(scope, part, None)


def imported(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Yield (name, origin) of what an import binds; a relative import's origin begins with its dots."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0], alias.name.split(".")[0])
        return
    start = "." * statement.level + (f"{statement.module}." if statement.module else "")
    for alias in statement.names:
        yield alias.asname or alias.name, f"{start}{alias.name}"


def _bind_attributes(scope: Scope, method: Function) -> None:
    inside = function_scope(method, scope, is_method=True)
    if inside.receiver is None:
        return
    for statement in statements(method.body):
        targets, value, annotation = _assignment(statement)
        for target in targets:
            if isinstance(target, ast.Attribute) and dotted(target) == f"{inside.receiver}.{target.attr}":
                origin = inside.origin(value) or inside.annotated(annotation)
                scope.attributes[target.attr] = scope.attributes.get(target.attr) or origin


def _assignment(statement: ast.stmt) -> tuple[list[ast.expr], ast.expr | None, ast.expr | None]:
    match statement:
        case ast.Assign():
            return statement.targets, statement.value, None
        case ast.AnnAssign():
            return [statement.target], statement.value, statement.annotation
    return [], None, None


def _is_static(node: Function) -> bool:
    return any(dotted(decorator) == "staticmethod" for decorator in node.decorator_list)


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None
