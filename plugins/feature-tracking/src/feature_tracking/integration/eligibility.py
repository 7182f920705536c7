"""Eligibility: why a function must not or need not be tracked.

What changes its behaviour when it is wrapped (compiled, looking at its caller's frame, a property), what is no feature
(private, a test, a stub, a getter), and what is tracked already. Says the reason in a word or two, for the summary.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from feature_tracking.integration.names import Function, Scope, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TRACKED: Final = "already tracked"
TRACKERS: Final = frozenset({"curio_tracking", "feature_tracking"})
_SKIPPED_DECORATORS: Final = {
    name: reason
    for reason, names in {
        "property": "property cached_property setter getter deleter hybrid_property classproperty computed_field",
        "overload or abstract": "overload abstractmethod abstractproperty",
        "test or fixture": "fixture given parametrize",
        "context manager": "contextmanager asynccontextmanager",
        # inside the cache only the misses would be seen, outside of it the cache's own methods are lost
        "cached": "lru_cache cache cached cachedmethod memoize cache_data cache_resource",
        "validator": "validator root_validator field_validator model_validator field_serializer model_serializer",
        "compiled": "jit njit vectorize guvectorize udf kernel",
    }.items()
    for name in names.split()
}
_COMPILERS: Final = frozenset({"numba", "jax", "torch", "tensorflow", "triton", "taichi", "cython", "pyspark", "cupy"})
_FRAME_CALLS: Final = {"sys._getframe": 1, "sys._getframemodulename": 1, "inspect.currentframe": 1, "inspect.stack": 2}
"""How far up they look, as far as that can be told."""
STACKLEVEL: Final = 2
"""Position of the argument of `warnings.warn`."""
MOST_FRAMES: Final = 10
_SKIPPED_BASES: Final = frozenset({"Protocol", "TestCase", "IsolatedAsyncioTestCase"})


def why_class_is_left_out(node: ast.ClassDef) -> str | None:
    """Return why no method of the class is looked at; None if they are."""
    if node.name.startswith("_"):
        return "private"
    bases = {dotted(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2] for base in node.bases}
    if bases & _SKIPPED_BASES or node.name.startswith("Test"):
        return "protocol or test class"
    return None


def frame_lookers(functions: Sequence[Function], scope: Scope) -> frozenset[str]:
    """Return the names of functions that look at the frame of their caller, themselves or through others of the module.

    A wrapper is one frame more between a function and its caller: a `stacklevel` would point to the wrong line.

    Args:
        functions: every function of a module.
        scope: the names of that module.
    """
    reach = {node.name: 0 for node in functions}
    for node in functions:
        reach[node.name] = max([reach[node.name], *(_frames_up(call, scope) for call in _calls(node))])
    called = [(node.name, {_called_here(call) for call in _calls(node)} & reach.keys()) for node in functions]
    for _ in range(max(reach.values(), default=0)):
        for name, names in called:
            # what a callee sees two frames up is one frame up from here
            reach[name] = max([reach[name], *(reach[other] - 1 for other in names)])
    return frozenset(name for name, frames in reach.items() if frames > 0)


def why_left_out(node: Function, scope: Scope, lookers: frozenset[str]) -> str | None:
    """Return why the function is not tracked; None if it can be.

    Args:
        node: the function.
        scope: its names.
        lookers: what `frame_lookers` found in its module.
    """
    if node.name.startswith("_"):
        return "private"
    if node.name.startswith("test_"):
        return "test or fixture"
    reason = _decorated(node, scope) or ("stub" if _is_stub(node) else None)
    if reason is None and node.name in lookers:
        return "looks at its caller's frame"
    return reason or ("recursive" if _calls_itself(node, scope) else None)


def is_tracked(decorator: ast.expr, outer: Scope) -> bool:
    """Whether the decorator is the tracker's, under whatever name it was imported."""
    origin = outer.origin(decorator) or ""
    last = dotted(decorator).rpartition(".")[2]
    return last == "track_feature" or origin.endswith(".track_feature") or origin.split(".")[0] in TRACKERS


def _decorated(node: Function, scope: Scope) -> str | None:
    outer = scope.outer or scope
    for decorator in node.decorator_list:
        if is_tracked(decorator, outer):
            return TRACKED
        origin = outer.origin(decorator) or ""
        if origin.split(".")[0] in _COMPILERS:
            return "compiled"
        if origin == "atexit.register":
            return "runs at exit"
        reason = _SKIPPED_DECORATORS.get(dotted(decorator).rpartition(".")[2])
        if reason:
            return reason
    return None


def is_getter(node: Function) -> bool:
    """Whether the function does nothing but hand out something that is there."""
    body = _body(node)
    return len(body) == 1 and isinstance(body[0], ast.Return) and _is_plain(body[0].value)


def _is_stub(node: Function) -> bool:
    return all(map(_says_nothing, _body(node)))


def _body(node: Function) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def _says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=exception) if exception is not None:
            return dotted(exception) == "NotImplementedError"
        case ast.Return(value=ast.Name(id="NotImplemented")):
            return True
    return False


def _is_plain(value: ast.expr | None) -> bool:
    """Whether returning this is no work: a constant, a name, an attribute of one."""
    while isinstance(value, ast.Attribute):
        value = value.value
    return value is None or isinstance(value, ast.Constant | ast.Name)


def _frames_up(call: ast.Call, scope: Scope) -> int:
    """Return how many frames above its function a call looks: 1 for the caller's."""
    origin = scope.origin(call.func)
    for keyword in call.keywords:
        if keyword.arg == "stacklevel":
            return _number(keyword.value, unknown=2) - 1
    if origin == "warnings.warn" and len(call.args) > STACKLEVEL:
        return _number(call.args[STACKLEVEL], unknown=2) - 1
    if origin == "sys._getframe" and call.args:
        return _number(call.args[0], unknown=1)
    return _FRAME_CALLS.get(origin or "", 0)


def _number(node: ast.expr, *, unknown: int) -> int:
    """Return a literal number within reason (nobody looks further up); `unknown` for an expression."""
    is_number = isinstance(node, ast.Constant) and isinstance(node.value, int)
    return min(int(ast.literal_eval(node)), MOST_FRAMES) if is_number else unknown


def _called_here(call: ast.Call) -> str:
    """Return the name of what may be a function of the same module: `name()`, `self.name()`; else ""."""
    before, _, name = dotted(call.func).rpartition(".")
    return name if before in ("", "self", "cls") else ""


def _calls_itself(node: Function, scope: Scope) -> bool:
    """Each level would be a call of the feature, and deep recursion would end sooner."""
    own = {node.name} if scope.receiver is None else {f"{scope.receiver}.{node.name}"}
    return any(dotted(call.func) in own for call in _calls(node))


def _calls(node: Function) -> Iterator[ast.Call]:
    for statement in node.body:
        yield from (part for part in ast.walk(statement) if isinstance(part, ast.Call))
