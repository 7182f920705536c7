"""What no line of the code may do: unpickle, evaluate, ask a shell. Read from the sources, new ones included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import curio_tracking

PACKAGE = Path(curio_tracking.__file__).parent
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if "scaffolds" not in path.parts]
SCAFFOLDS = [path for path in sorted(PACKAGE.rglob("*.py")) if "scaffolds" in path.parts]
PLUGINS = sorted((PACKAGE.parent / "plugins").glob("*/src/**/*.py"))
RUNS_WHAT_IT_READS = frozenset(
    {
        *("pickle", "_pickle", "cPickle", "marshal", "shelve", "dbm", "dill", "cloudpickle", "joblib", "jsonpickle"),
        *("yaml", "ruamel", "xmlrpc"),
    }
)
"""Modules whose ordinary use runs what a file says."""
EVALUATES = frozenset(["eval", "exec", "compile", "execfile", "__import__"])
ASKS_A_SHELL = frozenset(["system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"])
ALLOWED = {
    # a constant
    "collecting/lifecycle.py": {"exec"},
    # the wrapper of a tracked function, of its parameters' names; nothing of a record is in it
    "collecting/hotpath.py": {"compile"},
}


def offences(path: Path) -> Iterator[str]:
    """Yield what a file does that it may not."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] in RUNS_WHAT_IT_READS)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in RUNS_WHAT_IT_READS:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            yield from _offences_of_call(node)


def _offences_of_call(node: ast.Call) -> Iterator[str]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    if (name in EVALUATES and owner in ("", "builtins")) or (owner != "platform" and name in ASKS_A_SHELL):
        yield name
    for keyword in node.keywords:
        if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
            yield "shell"
    if name in ("set_cookie", "get_cookie") and any(keyword.arg == "secret" for keyword in node.keywords):
        yield "signed cookie"  # Bottle's are pickles


@pytest.mark.parametrize("path", [*SOURCES, *SCAFFOLDS, *PLUGINS], ids=lambda path: "/".join(path.parts[-3:]))
def test_nothing_is_unpickled_evaluated_or_handed_to_a_shell(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix() if PACKAGE in path.parents else path.name
    assert set(offences(path)) <= ALLOWED.get(place, set())


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import yaml.loader",
        "eval(text)",
        "builtins.exec(text)",
        "__import__(name)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "subprocess.run(text, shell=wanted)",
        "response.set_cookie('a', 'b', secret='c')",
    ],
)
def test_each_offence_is_noticed(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.py").write_text(line)
    assert list(offences(tmp_path / "bad.py"))


def test_regular_expressions_are_none(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("import re, ast\nre.compile('x')\nast.literal_eval('1')\nrun(x, shell=False)\n")
    assert list(offences(tmp_path / "good.py")) == []
