"""`reference/spec.md` names every row of the specification, with files and tests that exist."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from spec_rows import ROWS

if TYPE_CHECKING:
    from pathlib import Path

_ROW = re.compile(r"^\| (?P<row>.+?) \| (?P<files>.+?) \| (?P<tests>.+?) \|$", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")


@pytest.fixture(scope="module")
def sections(request: pytest.FixtureRequest) -> dict[str, list[re.Match[str]]]:
    """Return the rows of the page by section."""
    text = (request.config.rootpath / "docs" / "reference" / "spec.md").read_text("utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    tables = dict(zip(parts[::2], parts[1::2], strict=True))
    return {name: list(_ROW.finditer(table.partition("|---|---|---|")[2])) for name, table in tables.items()}


def names_of_tests(path: Path) -> set[str]:
    """Return the names of the test functions of a file, those in classes included."""
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_")}


def missing_tests(root: Path, names: list[str]) -> list[str]:
    """Return the test ids `path::name` that do not exist."""
    missing = []
    for name in names:
        path, _, function = name.partition("::")
        if not function or not (root / path).is_file() or function not in names_of_tests(root / path):
            missing.append(name)
    return missing


def test_every_row_is_there_once_in_the_order_of_the_specification(sections) -> None:
    assert {name: tuple(row["row"] for row in rows) for name, rows in sections.items()} == ROWS


def test_every_file_that_a_row_names_exists(sections, root: Path) -> None:
    names = [name for rows in sections.values() for row in rows for name in _NAME.findall(row["files"])]
    assert len(names) >= sum(map(len, ROWS.values()))
    assert not [name for name in names if not (root / name).is_file()]


def test_every_test_that_a_row_names_exists(sections, root: Path) -> None:
    for rows in sections.values():
        for row in rows:
            names = _NAME.findall(row["tests"])
            assert names, f"{row['row']} has no test"
            assert not missing_tests(root, names)


def test_a_test_that_does_not_exist_is_noticed(root: Path) -> None:
    here = "docs/checks/test_spec.py"
    assert missing_tests(root, [f"{here}::test_a_test_that_does_not_exist_is_noticed"]) == []
    for wrong in (f"{here}::test_nothing", "docs/checks/test_nowhere.py::test_nothing", here):
        assert missing_tests(root, [wrong]) == [wrong]


def test_every_test_that_the_page_on_security_names_exists(root: Path) -> None:
    text = (root / "docs" / "explanation" / "security.md").read_text("utf-8")
    names = [name for name in _NAME.findall(text) if "::" in name]
    assert names
    assert not missing_tests(root, names)
