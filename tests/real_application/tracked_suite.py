"""A plugin for pytest: writes down each outcome of somebody else's tests, and tracks their library if asked to.

    TRACKED_PACKAGE=jinja2 TRACKED_OUTCOMES=outcomes.jsonl python -m pytest -p tracked_suite ...

Without TRACKED_PACKAGE it only writes down. With it, every `def` and `async def` of the package, methods and nested
functions included, gets `@track_feature` when its module is imported; the files stay as they are.
"""

from __future__ import annotations

import ast
import builtins
import importlib.machinery
import json
import os
import sys
from collections.abc import Sequence
from types import CodeType, ModuleType
from typing import Any

import pytest

NAME = "_curio_tracking_track_feature"
PROPERTY_PARTS = ("setter", "getter", "deleter")


class TrackingLoader(importlib.machinery.SourceFileLoader):
    """Compiles a module with a decorator on each of its functions."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        """Return the code; the lines stay where they are."""
        tree = ast.parse(data, path)
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                decorator = ast.copy_location(ast.Name(NAME, ast.Load()), node)
                node.decorator_list.insert(place_of(node.decorator_list), decorator)
        code: CodeType = compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)
        return code

    def path_stats(self, path: Any) -> Any:
        """Find no cached code, which would be that without decorators."""
        raise OSError(path)

    def set_data(self, path: Any, data: Any, **_mode: Any) -> None:
        """Leave no code behind for others."""


def place_of(decorators: Sequence[ast.expr]) -> int:
    """Return where the decorator goes: above all others, as users write it, but below what makes a property."""
    properties = [place for place, one in enumerate(decorators) if makes_property(one)]
    return max(properties, default=-1) + 1


def makes_property(decorator: ast.expr) -> bool:
    """Whether a decorator makes a property, which is nothing that can be tracked."""
    if isinstance(decorator, ast.Attribute):
        return decorator.attr in PROPERTY_PARTS or "property" in decorator.attr
    return isinstance(decorator, ast.Name) and "property" in decorator.id


class TrackingFinder:
    """Finds the modules of one package, and has them loaded with decorators."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        """See `importlib.abc.MetaPathFinder`."""
        if name.partition(".")[0] != self.package:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = TrackingLoader(spec.loader.name, spec.loader.path)
        return spec


class Outcomes:
    """Writes one line per phase of a test: its id, the phase, how it ended."""

    def __init__(self, path: str) -> None:
        # not buffered: what ended before a crash is to be seen
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._write(report.nodeid, report.when, report.outcome, str(getattr(report, "wasxfail", "")))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self._write(report.nodeid, "collect", report.outcome, report.longreprtext[-500:])

    def pytest_unconfigure(self) -> None:
        os.close(self.file)

    def _write(self, *values: object) -> None:
        os.write(self.file, json.dumps(values).encode() + b"\n")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to write down, and to track."""
    config.pluginmanager.register(Outcomes(os.environ["TRACKED_OUTCOMES"]))


package = os.environ.get("TRACKED_PACKAGE")
if package:
    from curio_tracking import track_feature

    assert package not in sys.modules, f"{package} was imported before it could be tracked"
    setattr(builtins, NAME, track_feature)
    sys.meta_path.insert(0, TrackingFinder(package))
