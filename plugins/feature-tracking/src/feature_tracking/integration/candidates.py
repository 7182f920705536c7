"""Candidates: the functions of one file that are worth tracking, and how many were left out for which reason.

Walks the module once, in source order, so that each function has a number by which `rewriting` finds it again.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from feature_tracking.integration.eligibility import frame_lookers, is_getter, why_class_is_left_out, why_left_out
from feature_tracking.integration.evidence import (
    DECORATOR,
    Evidence,
    Surroundings,
    anything,
    constants,
    libraries,
    strongest,
)
from feature_tracking.integration.names import (
    Function,
    Scope,
    blocks,
    class_scope,
    function_scope,
    is_for_type_checkers,
    module_scope,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.records import FeatureCategory

NO_TRACK: Final = "# no-track"
_MARK: Final = re.compile(r"#\s*no-track\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A function that would be tracked.

    Attributes:
        position: which function definition of the file it is, counted from 0 in source order.
        line: of its `def`.
        feature_name, category: what it would be tracked as.
        reason: why.
        strength: how much that weighs (see `evidence`).
    """

    position: int
    line: int
    feature_name: str
    category: FeatureCategory
    reason: str
    strength: int


@dataclass(slots=True)
class Survey:
    """What was found in one file."""

    candidates: list[Candidate] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def parse(source: bytes) -> ast.Module:
    """Return the tree of a file.

    Raises:
        SyntaxError: it is no Python that this interpreter reads.
    """
    with warnings.catch_warnings():
        # a "\\d" in somebody's code is for its author to hear of, when it is compiled
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or "nested too deeply") from None


def survey(source: bytes, tree: ast.Module, module: str, *, include_all: bool = False) -> Survey:
    """Return the functions of a module that are worth tracking, in source order.

    Args:
        source: the file's content; for its comments.
        tree: what `parse` made of it.
        module: the dotted name that feature names begin with.
        include_all: also those public functions that nothing in particular speaks for.
    """
    scope = module_scope(tree)
    functions = definitions(tree)
    context = _Context(
        positions={node: position for position, node in enumerate(functions)},
        comments=Comments.of(source),
        lookers=frame_lookers(functions, scope),
        include_all=include_all,
    )
    walk = _Walk(context, Surroundings(module, libraries(tree), constants(tree)))
    walk.block(tree.body, scope, "")
    return walk.found


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for every function of a module: their numbers, comments, who looks at frames, and what is wanted."""

    positions: dict[Function, int]
    comments: Comments
    lookers: frozenset[str]
    include_all: bool


class _Walk:
    """Goes through module and classes, never into functions."""

    def __init__(self, context: _Context, around: Surroundings) -> None:
        self.context = context
        self.around = around
        self.found = Survey()

    def block(self, body: list[ast.stmt], scope: Scope, prefix: str) -> None:
        for statement in body:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.function(statement, scope, prefix)
                case ast.ClassDef():
                    self.class_(statement, scope, prefix)
                case ast.If() | ast.Try() | ast.TryStar() | ast.With() if not is_for_type_checkers(statement):
                    for inner in blocks(statement):
                        self.block(inner, scope, prefix)

    def class_(self, node: ast.ClassDef, scope: Scope, prefix: str) -> None:
        reason = NO_TRACK if self.context.comments.mark(node) else why_class_is_left_out(node)
        if reason:
            self.found.left_out[reason] += len(definitions(node))
            return
        around = self.around
        bases = tuple(filter(None, (scope.origin(base) for base in node.bases)))
        self.around = replace(around, owner=node.name, bases=bases)
        self.block(node.body, class_scope(node, scope), f"{prefix}{node.name}.")
        self.around = around

    def function(self, node: Function, scope: Scope, prefix: str) -> None:
        inside = function_scope(node, scope, is_method=bool(prefix))
        reason = NO_TRACK if self.context.comments.mark(node) else why_left_out(node, inside, self.context.lookers)
        evidence = None if reason else self.evidence(node, inside)
        if evidence is None or (is_getter(node) and evidence.strength < DECORATOR):
            self.found.left_out[reason or ("getter" if is_getter(node) else "nothing points to a category")] += 1
            return
        name = f"{self.around.module}.{prefix}{node.name}"
        found = Candidate(
            self.context.positions[node], node.lineno, name, evidence.category, evidence.reason, evidence.strength
        )
        self.found.candidates.append(found)

    def evidence(self, node: Function, scope: Scope) -> Evidence | None:
        found = strongest(node, scope, self.around)
        return anything(self.around.module) if found is None and self.context.include_all else found


@dataclass(frozen=True, slots=True)
class Comments:
    """Where `# no-track` stands: lines that hold it, and lines that hold nothing but a comment."""

    marked: frozenset[int] = frozenset()
    alone: frozenset[int] = frozenset()

    @classmethod
    def of(cls, source: bytes) -> Comments:
        """Return the comments of a file; none if it does not hold the words at all, which is quick to see."""
        if b"no-track" not in source:
            return cls()
        comments = [token for token in _tokens(source) if token.type == tokenize.COMMENT]
        return cls(
            frozenset(token.start[0] for token in comments if _MARK.search(token.string)),
            frozenset(token.start[0] for token in comments if not token.line[: token.start[1]].strip()),
        )

    def mark(self, node: Function | ast.ClassDef) -> bool:
        """Whether the words stand directly above it, or anywhere between its first decorator and its body."""
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        while first - 1 in self.alone:
            first -= 1
        last = max(node.lineno, node.body[0].lineno - 1)
        return any(first <= line <= last for line in self.marked)


def _tokens(source: bytes) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.tokenize(io.BytesIO(source).readline)
    except (tokenize.TokenError, SyntaxError):  # the parser has accepted the file: what came so far will do
        return


def definitions(tree: ast.AST) -> list[Function]:
    """Return every function definition below the node, in source order."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))
