"""TERMINAL_TOOL: short Python scripts in a process of their own; one ends with an error, one does not end in time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

from curio_tracking import FeatureCategory, track_feature

if TYPE_CHECKING:
    from pathlib import Path

    from curio_tracking.demo.tally import Tally

GOOD_SCRIPTS: Final = ("print(sum(range(1000)))", "import sys; print(sys.stdin.read().upper())")
FAILING_SCRIPT: Final = "raise SystemExit(3)"
ENDLESS_SCRIPT: Final = "import time; time.sleep(60)"


@track_feature("run_script", FeatureCategory.TERMINAL_TOOL)
def run_script(code: str, folder: Path, timeout_seconds: float = 10.0) -> str:
    """Run Python code in a new process and return what it printed.

    Raises:
        subprocess.CalledProcessError: it ended with an exit code other than 0.
        subprocess.TimeoutExpired: it was still running and has been killed.
    """
    # -I -S: neither the user's environment nor installed packages take part, and the start is quick
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(  # noqa: S603 - our own scripts, no shell
        command, cwd=folder, input="feature", capture_output=True, text=True, timeout=timeout_seconds, check=True
    )
    return done.stdout


def use(folder: Path, tally: Tally) -> None:
    """Run the scripts, in the order of their luck."""
    for script in GOOD_SCRIPTS:
        run_script(script, folder)
        tally.count("run_script")
    with tally.failing("run_script", subprocess.CalledProcessError):
        run_script(FAILING_SCRIPT, folder)
    with tally.failing("run_script", subprocess.TimeoutExpired, "timeout"):
        run_script(ENDLESS_SCRIPT, folder, timeout_seconds=0.15)
