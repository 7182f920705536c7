"""Rewriting: the file's bytes with decorators and their imports added, and nothing else changed.

libcst makes the change; only the lines it adds are taken over, so every other byte stays (line ends, tabs, encoding,
byte order mark). That the new code is the old code plus decorators is checked before anything is handed out.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import libcst as cst

from curio_tracking.errors import CurioError
from feature_tracking.integration.candidates import Candidate, definitions, parse
from feature_tracking.integration.import_lines import with_import
from feature_tracking.integration.names import Scope, class_scope, imported, is_for_type_checkers, statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

IMPORTED_FROM: Final = "feature_tracking.feature_tracker"
HOMES: Final = ("feature_tracking.feature_tracker", "curio_tracking")
"""Modules whose names are used where a file imports them already."""


class RewriteError(CurioError):
    """A file cannot be changed without touching more than was asked for."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What the tracker's two names are called in a file, and the import that is missing for that ("" for none)."""

    track_feature: str
    category: str
    import_line: str


def rewrite(source: bytes, tree: ast.Module, candidates: Sequence[Candidate]) -> bytes:
    """Return the source with every candidate decorated.

    Args:
        source: the file's content.
        tree: what `parse` made of it.
        candidates: what `survey` found in it, at least one.

    Raises:
        RewriteError: that is not possible byte for byte; the message says why.
    """
    try:
        result, line = _rewritten(source, tree, candidates)
        _check(tree, result, [candidate.position for candidate in candidates], line)
    except RecursionError:
        raise RewriteError("it is nested too deeply") from None
    except CurioError:
        raise
    except Exception as error:
        # nothing is written yet, and one odd file must not keep the others from being changed
        raise RewriteError(f"it cannot be changed: {type(error).__name__}: {error}") from error
    return result


def _rewritten(source: bytes, tree: ast.Module, candidates: Sequence[Candidate]) -> tuple[bytes, str]:
    module = _parsed(source)
    before = _before(tree, candidates[0].position)
    wording = _wording(tree, before)
    decorators = {one.position: _decorator(one, wording, module.encoding) for one in candidates}
    changed = module.visit(_Decorate(decorators))
    if wording.import_line:
        changed = with_import(changed, wording.import_line, _number_of_lines(before))
    return _with_added_lines(source, module.bytes, changed.bytes), wording.import_line


def _parsed(source: bytes) -> cst.Module:
    try:
        return cst.parse_module(source)
    except (cst.ParserSyntaxError, UnicodeDecodeError, SyntaxError) as error:
        raise RewriteError(f"libcst cannot read it: {str(error).splitlines()[0]}") from None


def _with_added_lines(source: bytes, before: bytes, after: bytes) -> bytes:
    """Return the source with the lines that are new between two renderings of libcst.

    libcst does not render every byte as it was (blanks before a colon, a form feed at the start): so the lines that
    were there are taken from the source.

    Raises:
        RewriteError: something else than added lines makes the difference.
    """
    old, lines = before.split(b"\n"), source.split(b"\n")
    result, position = [], 0
    for line in after.split(b"\n"):
        if position < len(old) and line == old[position]:
            line = lines[position] if position < len(lines) else line
            position += 1
        result.append(line)
    if position != len(old) or len(old) != len(lines):
        raise RewriteError("its lines would not stay as they are (are its line ends lone CRs?)")
    return b"\n".join(result)


# -- names ------------------------------------------------------------------------------------------------------------


def _wording(tree: ast.Module, before: Sequence[ast.stmt]) -> Wording:
    """Choose names: those that the file imports already, else the usual ones unless they mean something else there.

    Args:
        tree: the file.
        before: its top-level statements before the first function that is decorated.
    """
    hidden = _class_names(tree)
    certain = {name: ours for name, ours in _ours(before).items() if ours[1] not in hidden}
    anywhere = certain | _ours(statements([one for one in before if not is_for_type_checkers(one)]))
    # `try: import ... except ImportError:` with a stand-in is the file's way of doing without, if it covers both names
    known = anywhere if {"track_feature", "FeatureCategory"} <= set(anywhere) else certain
    home = next((module for module, _name in known.values()), IMPORTED_FROM)
    taken = _identifiers(tree)
    names, missing = {}, []
    for name, other in (("FeatureCategory", "CurioFeatureCategory"), ("track_feature", "curio_track_feature")):
        if name in known:
            names[name] = known[name][1]
            continue
        names[name] = _free(name, other, taken)
        missing.append(name if names[name] == name else f"{name} as {names[name]}")
    line = f"from {home} import {', '.join(missing)}" if missing else ""
    return Wording(names["track_feature"], names["FeatureCategory"], line)


def _class_names(tree: ast.Module) -> set[str]:
    """Return what class bodies define: there a decorator means that, not the module's name."""
    return {
        name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for name in class_scope(node, Scope()).origins
    }


def _ours(body: Iterable[ast.stmt]) -> dict[str, tuple[str, str]]:
    """Return which of the tracker's names the statements import: name -> (module, what it is called here)."""
    found: dict[str, tuple[str, str]] = {}
    for statement in body:
        if isinstance(statement, ast.ImportFrom):
            for local, origin in imported(statement):
                module, _, name = origin.rpartition(".")
                if module in HOMES and name in ("track_feature", "FeatureCategory"):
                    found.setdefault(name, (module, local))
    return found


def _identifiers(tree: ast.Module) -> set[str]:
    """Return every name that is used for anything anywhere in the file, attributes aside."""
    found: set[str] = set()
    for node in ast.walk(tree):
        for field in ("id", "name", "arg", "asname", "rest"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value.split(".")[0])
        found.update(getattr(node, "names", ()) if isinstance(node, ast.Global | ast.Nonlocal) else ())
    return found


def _free(name: str, other: str, taken: set[str]) -> str:
    number = 2
    choice = name if name not in taken else other
    while choice in taken:
        choice = f"{other}_{number}"
        number += 1
    return choice


# -- decorators -------------------------------------------------------------------------------------------------------


def _decorator(candidate: Candidate, wording: Wording, encoding: str) -> cst.Decorator:
    name = cst.SimpleString(_literal(candidate.feature_name, encoding))
    category = cst.Attribute(cst.Name(wording.category), cst.Name(candidate.category.name))
    return cst.Decorator(cst.Call(cst.Name(wording.track_feature), [cst.Arg(name), cst.Arg(category)]))


def _literal(text: str, encoding: str) -> str:
    """Return a Python literal, in double quotes where nothing speaks against it, that the file's encoding can hold."""
    try:
        text.encode(encoding)
        literal = repr(text)
    except UnicodeEncodeError:
        literal = ascii(text)
    return literal if '"' in literal else f'"{literal[1:-1]}"'


class _Decorate(cst.CSTTransformer):
    """Adds decorators directly above `def`, so that routes and commands that stand there register the tracked one."""

    def __init__(self, decorators: Mapping[int, cst.Decorator]) -> None:
        super().__init__()
        self.decorators = decorators
        self.seen = 0
        self.inside: list[int] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: ARG002, N802 - libcst's names
        self.inside.append(self.seen)
        self.seen += 1

    def leave_FunctionDef(  # noqa: N802
        self,
        original_node: cst.FunctionDef,  # noqa: ARG002
        updated_node: cst.FunctionDef,
    ) -> cst.FunctionDef:
        decorator = self.decorators.get(self.inside.pop())
        if decorator is None:
            return updated_node
        return updated_node.with_changes(decorators=[*updated_node.decorators, decorator])


def _before(tree: ast.Module, position: int) -> list[ast.stmt]:
    """Return the top-level statements before the one that holds the function definition of that number."""
    line = definitions(tree)[position].lineno
    return [statement for statement in tree.body if _end(statement) < line]


def _number_of_lines(body: Sequence[ast.stmt]) -> int:
    """Return how many top-level nodes libcst makes of the statements: `a; b` is one."""
    return sum(1 for index, one in enumerate(body) if index == 0 or _end(body[index - 1]) < one.lineno)


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


# -- check ------------------------------------------------------------------------------------------------------------


def _check(old: ast.Module, result: bytes, positions: Sequence[int], line: str) -> None:
    """Make sure that the new code without the decorators and the import is the old code.

    Raises:
        RewriteError: it is not.
    """
    new = parse(result)
    functions = list(definitions(new))
    for position in positions:
        functions[position].decorator_list.pop()
    new.body = [statement for statement in new.body if not line or ast.unparse(statement) != line]
    if ast.dump(new) != ast.dump(old):
        raise RewriteError("the change would alter more than decorators; please report this file")
