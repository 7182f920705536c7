"""Runs of pytest that the tests look at: suites against parts that are broken on purpose, the plugin in projects."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pytest_runs import Finished, Start, run_pytest

HERE = Path(__file__).parent
# tests are imported by path (--import-mode=importlib): the broken parts have to be put within reach
sys.path.insert(0, str(HERE))

Failures = dict[str, set[str]]


@pytest.fixture(scope="session")
def failures_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ModuleType], Failures]:
    """`failures_of(module)` runs its suites in a process of their own: the failed tests by the class they are in.

    Of a broken part only the test runs that has to notice; of the sound ones, all of them. Parallel test runs share
    the one that came first.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    known: dict[str, Failures] = {}

    def run(module: ModuleType) -> Failures:
        name = module.__name__
        if name not in known:
            report = shared / f"{name}.xml"
            with report.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not report.exists():
                    _run(Path(str(module.__file__)), module.CAUGHT_BY, tmp_path_factory.mktemp(name), report)
            known[name] = _read(report)
        return known[name]

    return run


def _run(path: Path, caught_by: dict[str, str], folder: Path, report: Path) -> None:
    chosen = [f"{path}::{suite}::{test}" if test else f"{path}::{suite}" for suite, test in caught_by.items()]
    plugins = ["-p", "no:cacheprovider", "-p", "find_only"]
    options = ["-q", *plugins, "-c", "/dev/null", "--rootdir", str(folder), f"--junitxml={report}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--basetemp={folder / 'base'}", "--tb=line", *chosen],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr


def _read(report: Path) -> Failures:
    failures: Failures = defaultdict(set)
    for case in ET.parse(report).iter("testcase"):
        suite = case.attrib["classname"].rpartition(".")[2]
        failures[suite] |= {case.attrib["name"].partition("[")[0]} if case.find("failure") is not None else set()
        assert case.find("error") is None, ET.tostring(case, "unicode")
        assert case.find("skipped") is None, ET.tostring(case, "unicode")
    return failures


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Return what runs the tests of a file of `examples`; see `run_pytest`."""

    def start(tests: str, *options: str, **more: Any) -> Finished:
        return run_pytest(tmp_path_factory.mktemp("run"), tests, *options, **more)

    return start
