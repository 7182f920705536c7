"""What names in somebody's code refer to."""

from __future__ import annotations

import ast

import pytest

from feature_tracking.integration.names import class_scope, function_scope, module_scope


def origin(source: str) -> str | None:
    """Return the origin of the function that the last statement of the last function calls."""
    tree = ast.parse(source)
    scope, node = module_scope(tree), tree.body[-1]
    is_method = isinstance(node, ast.ClassDef)
    if isinstance(node, ast.ClassDef):
        scope, node = class_scope(node, scope), node.body[-1]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    last = node.body[-1]
    assert isinstance(last, ast.Expr)
    call = last.value.value if isinstance(last.value, ast.Await) else last.value
    assert isinstance(call, ast.Call)
    return function_scope(node, scope, is_method=is_method).origin(call.func)


CASES = {
    "import": ("import a\ndef f(): a.b()", "a.b"),
    "import with dots": ("import a.b.c\ndef f(): a.b.c.d()", "a.b.c.d"),
    "import as": ("import a.b as c\ndef f(): c.d()", "a.b.d"),
    "from import": ("from a import b\ndef f(): b()", "a.b"),
    "relative import": ("from .a import b\ndef f(): b()", ".a.b"),
    "relative import of a module": ("from .. import b\ndef f(): b()", "..b"),
    "import in try": ("try:\n    import a\nexcept ImportError:\n    a = None\ndef f(): a.b()", "a.b"),
    "built-in": ("def f(): open()", "builtins.open"),
    "own function": ("def open(): pass\ndef f(): open()", ".open"),
    "parameter": ("def f(open): open()", None),
    "rest parameters": ("def f(*open): open()", None),
    "loop variable": ("def f(x):\n    for open in x: pass\n    open()", None),
    "part of a tuple": ("def f(x):\n    a, open = x\n    open()", None),
    "unknown": ("def f(): nothing()", None),
    "call of a call": ("import a\ndef f(): a.b().c()", "a.b.c"),
    "subscript": ("import a\ndef f(): a.b['x'].c()", "a.b.c"),
    "await": ("import a\nasync def f():\n    x = await a.b()\n    await x.c()", "a.b.c"),
    "walrus": ("import a\ndef f(): (x := a.b()).c()", "a.b.c"),
    "path": ("from pathlib import Path\ndef f(): (Path('x') / 'y').unlink()", "pathlib.Path.unlink"),
    "with": ("import a\ndef f():\n    with a.b() as x: pass\n    x.c()", "a.b.c"),
    "chain of assignments": ("import a\ndef f():\n    x = a.b()\n    y = x.c\n    y()", "a.b.c"),
    "annotated assignment": ("import a\ndef f():\n    x: a.B = g()\n    x.c()", "a.B.c"),
    "annotation of a parameter": ("import a\ndef f(x: a.B): x.c()", "a.B.c"),
    "keyword-only parameter": ("import a\ndef f(*, x: a.B): x.c()", "a.B.c"),
    "one of two types": ("import a\ndef f(x: None | a.B): x.c()", "a.B.c"),
    "optional": ("import a\nfrom typing import Optional\ndef f(x: Optional[a.B]): x.c()", "a.B.c"),
    "annotated": ("import a\nfrom typing import Annotated\ndef f(x: Annotated[a.B, 1]): x.c()", "a.B.c"),
    "quoted": ("import a\ndef f(x: 'a.B'): x.c()", "a.B.c"),
    "quoted nonsense": ("def f(x: 'a b'): x.c()", None),
    "attribute of the object": (
        "import a\nclass A:\n    def __init__(self): self.x = a.b()\n    def f(self): self.x.c()",
        "a.b.c",
    ),
    "class attribute": ("import a\nclass A:\n    x = a.b()\n    def f(this): this.x.c()", "a.b.c"),
    "static method has no object": (
        "import a\nclass A:\n    x = a.b()\n    @staticmethod\n    def f(self): self.x.c()",
        None,
    ),
    "class names are not seen in methods": (
        "class A:\n    def open(self): pass\n    def f(self): open()",
        "builtins.open",
    ),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES)
def test_call_is_traced_to_where_it_comes_from(source: str, expected: str | None) -> None:
    assert origin(source) == expected
