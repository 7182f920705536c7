"""Which functions are left alone."""

from __future__ import annotations

import pytest

from feature_tracking.integration.candidates import parse, survey

LEFT_OUT = {
    "private": "def _f(p): return open(p)",
    "dunder": "class A:\n    def __call__(self, p): return open(p)",
    "private class": "class _A:\n    def f(self, p): return open(p)",
    "nested": "def _outer():\n    def inner(p): return open(p)\n    return inner",
    "test": "def test_f(p): return open(p)",
    "test case": "import unittest\nclass A(unittest.TestCase):\n    def check(self, p): return open(p)",
    "test class": "class TestA:\n    def check(self, p): return open(p)",
    "property": "class A:\n    @property\n    def f(self): return open(self.p)",
    "setter": "class A:\n    @f.setter\n    def f(self, p): open(p)",
    "cached property": (
        "import functools\nclass A:\n    @functools.cached_property\n    def f(self): return open(self.p)"
    ),
    "overload": "import typing\n@typing.overload\ndef f(p: str) -> str: ...",
    "abstract": "import abc\nclass A:\n    @abc.abstractmethod\n    def read_file(self): return open(self.p)",
    "stub": "def read_file(p):\n    '''Read.'''\n    raise NotImplementedError",
    "stub with dots": "def read_file(p): ...",
    "protocol": "from typing import Protocol\nclass A(Protocol):\n    def f(self, p): return open(p)",
    "generic protocol": "from typing import Protocol\nclass A(Protocol[T]):\n    def f(self, p): return open(p)",
    "getter": "class A:\n    def read_file(self):\n        '''Return it.'''\n        return self.store.file",
    "constant": "def read_file(): return 1",
    "fixture": "import pytest\n@pytest.fixture\ndef f(p): return open(p)",
    "context manager": "import contextlib\n@contextlib.contextmanager\ndef f(p): yield open(p)",
    "async context manager": (
        "from contextlib import asynccontextmanager\n@asynccontextmanager\nasync def f(p): yield open(p)"
    ),
    "cached": "import functools\n@functools.lru_cache(maxsize=1)\ndef f(p): return open(p)",
    "compiled": "import numba\n@numba.njit\ndef f(p): return open(p)",
    "compiled, imported name": "from numba import njit as fast\n@fast\ndef f(p): return open(p)",
    "validator": "import pydantic\nclass A:\n    @pydantic.field_validator('x')\n    def f(cls, p): return open(p)",
    "at exit": "import atexit\n@atexit.register\ndef f(): open('x')",
    "frame": "import sys\ndef f(p): return open(sys._getframe(1).f_code.co_filename)",
    "warning for the caller": "import warnings\ndef f(p):\n    warnings.warn('old', stacklevel=2)\n    return open(p)",
    "warning for the caller in a helper": (
        "import warnings\ndef _old(): warnings.warn('old', stacklevel=3)\ndef f(p):\n    _old()\n    return open(p)"
    ),
    "warning for the caller in a method": (
        "import warnings\nclass A:\n    def _old(self): warnings.warn('old', stacklevel=3)\n"
        "    def f(self, p):\n        self._old()\n        return open(p)"
    ),
    "warning two frames up": (
        "import warnings\ndef _a(): warnings.warn('old', None, 4)\ndef _b(): _a()\n"
        "def f(p):\n    _b()\n    return open(p)"
    ),
    "recursive": "def f(p): return open(p) if p else f(p.parent)",
    "recursive method": "class A:\n    def f(self, p): return open(p) if p else self.f(p.parent)",
    "for type checkers": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    def f(p): return open(p)",
    "marked beside": "def f(p):  # no-track\n    return open(p)",
    "marked above": "# no-track: called a million times\ndef f(p): return open(p)",
    "marked above its decorator": "# slow\n# no-track\n@decorated\ndef f(p): return open(p)",
    "marked below its decorator": "@decorated\n# no-track\ndef f(p): return open(p)",
    "marked after another mark": "def f(p):  # noqa: X1 # no-track\n    return open(p)",
    "marked in its signature": "def f(\n    p,  # no-track\n):\n    return open(p)",
    "class marked": "class A:  # no-track\n    def f(self, p): return open(p)",
}


@pytest.mark.parametrize("source", LEFT_OUT.values(), ids=LEFT_OUT)
def test_function_is_left_out(found, source: str) -> None:
    assert found(source, include_all=True) == []


TRACKED = {
    "imported from here": "from feature_tracking.feature_tracker import track_feature\n@track_feature('x')",
    "imported from curio_tracking": "from curio_tracking import track_feature\n@track_feature('x', 'other')",
    "without arguments": "from curio_tracking import track_feature\n@track_feature",
    "under another name": "from curio_tracking import track_feature as watched\n@watched('x')",
    "through the module": "import curio_tracking\n@curio_tracking.track_feature('x')",
    "through a module with another name": "import feature_tracking.feature_tracker as ft\n@ft.track_feature('x')",
    "through the tracker": "from curio_tracking import feature_tracker\n@feature_tracker.track_feature('x')",
    "through a tracker of its own": (
        "from curio_tracking import FeatureTracker\nmine = FeatureTracker()\n@mine.track_feature('x')"
    ),
    "through the project's own module": "from .tracking import track_feature\n@track_feature('x')",
    "with a star": "from curio_tracking import *\n@track_feature('x')",
    "below another decorator": "from curio_tracking import track_feature\n@app.get('/x')\n@track_feature('x')",
}


@pytest.mark.parametrize("head", TRACKED.values(), ids=TRACKED)
def test_tracked_function_is_left_out(head: str) -> None:
    source = f"{head}\ndef f(p): return open(p)\n".encode()
    found = survey(source, parse(source), "app", include_all=True)
    assert (found.candidates, found.left_out["already tracked"]) == ([], 1)


KEPT = {
    "coroutine": "async def f(p): return open(p)",
    "generator": "def f(p): yield from open(p)",
    "static method": "class A:\n    @staticmethod\n    def f(p): return open(p)",
    "class method": "class A:\n    @classmethod\n    def f(cls, p): return open(p)",
    "class in a class": "class A:\n    class B:\n        def f(self, p): return open(p)",
    "in try": "try:\n    import x\nexcept ImportError:\n    def f(p): return open(p)",
    "in if": "import sys\nif sys.platform == 'linux':\n    def f(p): return open(p)",
    "calls its parent's method": "class A(B):\n    def f(self, p): return super().f(open(p))",
    "the words are text": "def f(p, mark='# no-track'): return open(p)",
    "mark of the function before": "def _g(): pass  # no-track\n\ndef f(p): return open(p)",
    "warning at its own line": (
        "import warnings\ndef _old(): warnings.warn('old', stacklevel=2)\ndef f(p):\n    _old()\n    return open(p)"
    ),
    "its own frame": "import sys\ndef f(p): return open(sys._getframe(0).f_code.co_filename)",
    "warning of its own": "import warnings\ndef f(p):\n    warnings.warn('odd')\n    return open(p)",
}


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT)
def test_function_is_kept(found, source: str) -> None:
    assert [candidate.feature_name.split(".")[-1] for candidate in found(source)] == ["f"]


def test_summary_counts_what_was_left_out() -> None:
    source = (
        b"def _a(): pass\ndef b(): ...\ndef c(x): return x + 1\n"
        b"class _D:\n    def e(self): pass\n    def f(self): pass\n"
    )
    assert survey(source, parse(source), "app").left_out == {
        "private": 3,
        "stub": 1,
        "nothing points to a category": 1,
    }


def test_feature_is_named_after_module_class_and_function(found) -> None:
    (candidate,) = found("class A:\n    class B:\n        def f(self, p): return open(p)", module="pkg.mod")
    assert candidate.feature_name == "pkg.mod.A.B.f"
