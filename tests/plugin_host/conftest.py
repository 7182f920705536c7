"""Third-party distributions, installed for real: modules and metadata on the path of a new interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from site_packages import install_module

sys.path.insert(0, str(Path(__file__).parent))  # for `zoo`: tests are imported by path

Install = Callable[..., None]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return the folder that stands for the user's site-packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def install(site: Path) -> Install:
    """Return what installs a distribution of one module with entry points."""

    return partial(install_module, site)


@pytest.fixture
def run(site: Path, data_dir: Path, tmp_path: Path) -> Run:
    """Return what runs a command in a new interpreter that has the distributions installed."""

    def make(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(site),
            "FEATURE_TRACKING_DATA_DIR": str(data_dir),
            "FEATURE_TRACKING_EXIT_TIMEOUT": "60",
            **{f"FEATURE_TRACKING_{name}": value for name, value in settings.items()},
        }
        return subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=600, check=False
        )

    return make


@pytest.fixture
def host_program(tmp_path: Path) -> str:
    """Return the path of a program that tracks three calls and prints its own output."""
    program = tmp_path / "host.py"
    program.write_text(
        textwrap.dedent("""
            from curio_tracking import feature_tracker, track_feature

            @track_feature("work")
            def work():
                return "done"

            print([work() for _ in range(3)])
            feature_tracker.flush(60)
        """),
        encoding="utf-8",
    )
    return str(program)
