"""`curio_tracking.testing` gives every name late, and says what is missing when it cannot."""

from __future__ import annotations

import subprocess
import sys

import pytest

from curio_tracking import testing

BLOCKED = """
import sys
sys.modules["{missing}"] = None
from curio_tracking.testing import {name}
"""
OF_RECORDS = ("START_US", "hostile_records", "make_record", "odd_records", "stored_odd_records")


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=180, check=False)


@pytest.mark.parametrize("name", testing.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(testing, name) is not None
    assert name in dir(testing)


def test_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'BackendContrast'"):
        testing.BackendContrast  # noqa: B018


def test_importing_the_front_imports_neither_pytest_nor_hypothesis() -> None:
    program = "import curio_tracking.testing, sys; sys.exit(bool({'pytest', 'hypothesis'} & sys.modules.keys()))"
    assert python(program).returncode == 0


@pytest.mark.parametrize("name", OF_RECORDS)
def test_records_need_neither_pytest_nor_hypothesis(name: str) -> None:
    program = "import sys; sys.modules['pytest'] = sys.modules['hypothesis'] = None"
    assert python(f"{program}\nfrom curio_tracking.testing import {name}").returncode == 0


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("BackendContract", "hypothesis"),
        ("BackendContract", "pytest"),
        ("CommandContract", "pytest"),
        ("ExporterContract", "pytest"),
        ("FileWriterContract", "hypothesis"),
        ("records", "hypothesis"),
    ],
)
def test_what_is_missing_is_said_with_how_to_install_it(name: str, missing: str) -> None:
    done = python(BLOCKED.format(name=name, missing=missing))
    expected = f'curio_tracking.testing.{name} needs {missing}; install it: pip install "curio-tracking[testing]"'
    assert done.stderr.rstrip().endswith(f"ImportError: {expected}")
