"""Import lines: where the tracker's import goes in somebody's module, and what white space it needs there.

After the imports that stand before the first changed function, else after `from __future__`, the docstring, or the
comments that must stay on top. Works on libcst trees; part of `rewriting`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Sequence

Statement: TypeAlias = cst.SimpleStatementLine | cst.BaseCompoundStatement
_MAGIC_COMMENT: Final = re.compile(r"#!|#.*coding[:=]")
"""Only the first two lines may hold these."""


def with_import(module: cst.Module, line: str, first: int) -> cst.Module:
    """Return the module with the import line added before top-level statement number `first`."""
    body: list[Statement] = list(module.body)
    new = cst.ensure_type(cst.parse_statement(line, config=module.config_for_parsing), cst.SimpleStatementLine)
    imports = [index for index in range(first) if _is_import(body[index])]
    if imports:
        at = imports[-1] + 1
        if _is_future_import(body[imports[-1]]):
            new = new.with_changes(leading_lines=[_blank()])
    elif _is_docstring(body[0]):
        at = 1
        new = new.with_changes(leading_lines=[_blank()])
        body[at] = _set_apart(body[at], body[at].leading_lines)
    else:
        at = 0
        kept, moved = _split(module.header)
        module = module.with_changes(header=kept)
        body[at] = _set_apart(body[at], [*moved, *body[at].leading_lines])
    return module.with_changes(body=[*body[:at], new, *body[at:]])


def _set_apart(statement: Statement, above: Sequence[cst.EmptyLine]) -> Statement:
    """Return the statement with these lines above it, and blank ones before them if there are none."""
    if not above or above[0].comment is not None:
        number = 2 if isinstance(statement, cst.FunctionDef | cst.ClassDef) else 1
        above = [*(_blank() for _ in range(number)), *above]
    return statement.with_changes(leading_lines=above)


def _split(header: Sequence[cst.EmptyLine]) -> tuple[Sequence[cst.EmptyLine], Sequence[cst.EmptyLine]]:
    """Return the comments that stay on top of the file, and those that belong to its first statement."""
    blank = [index for index, line in enumerate(header) if line.comment is None]
    if blank:
        return header[: blank[-1] + 1], header[blank[-1] + 1 :]
    number = 0
    for line in header[:2]:
        if line.comment is None or not _MAGIC_COMMENT.match(line.comment.value):
            break
        number += 1
    return header[:number], header[number:]


def _blank() -> cst.EmptyLine:
    return cst.EmptyLine(indent=False)


def _is_import(statement: Statement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and any(
        isinstance(part, cst.Import | cst.ImportFrom) for part in statement.body
    )


def _is_future_import(statement: Statement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and any(
        isinstance(part, cst.ImportFrom) and isinstance(part.module, cst.Name) and part.module.value == "__future__"
        for part in statement.body
    )


def _is_docstring(statement: Statement) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.Expr):
        return False
    value = statement.body[0].value
    return isinstance(value, cst.SimpleString | cst.ConcatenatedString)
