"""The wall clock of the programs under test: compiled once, preloaded, and shown to stand wherever a test wants it.

Only that clock: the monotonic one goes on, as it does when somebody, or a time server, sets the other one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from twice import Tracked, assert_store_is_as_accounted, run_twice

SOURCE: Final = Path(__file__).with_name("wall_clock.c")


def compile_library(directory: Path) -> Path:
    """Return the library to preload. Needs a C compiler: Debian's gcc and libc6-dev."""
    library = directory / "wall_clock.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    return library


class WallClock:
    """The clock of what a test starts.

    Attributes:
        variables: what makes a program have this clock.
    """

    def __init__(self, library: Path, directory: Path, zone: str = "UTC0") -> None:
        """Let it show what the machine's does.

        Args:
            library: from `compile_library`. directory: of the test's own.
            zone: where the machine stands, as POSIX writes its rules: no data base of zones is needed.
        """
        self._shift = directory / "shift"
        self._shift.write_bytes(bytes(16))
        self.variables = {"LD_PRELOAD": str(library), "WALL_CLOCK": str(self._shift), "TZ": zone}

    def run_twice(self, directory: Path, *steps: datetime | timedelta | float, **settings: Any) -> Tracked:
        """Run `clocks.py` as `twice.run_twice` does.

        Args:
            steps: what its clock is set to; how long the machine sleeps; seconds of pauses.
        """
        texts = [_text_of(step) for step in steps]
        tracked = run_twice("clocks.py", directory, *texts, variables=self.variables, **settings)
        shown = [line.split()[0] for line in tracked.output.splitlines()]
        moments = [step.replace(microsecond=0).isoformat() for step in steps if isinstance(step, datetime)]
        assert shown == moments, "the clock was not set"
        assert_store_is_as_accounted(tracked)
        return tracked

    def show(self, moment: datetime) -> None:
        """Let it show another time from now on."""
        shift = round(moment.timestamp() * 1e9) - time.time_ns()
        with self._shift.open("r+b", buffering=0) as file:  # not emptied: it is mapped
            file.write(shift.to_bytes(8, sys.byteorder, signed=True))

    def run_command(self, data_dir: Path, moment: datetime | None, *arguments: str) -> str:
        """Return what a command prints when the clock shows a moment; None for what it shows already."""
        if moment is not None:
            self.show(moment)
        command = [sys.executable, "-m", "curio_tracking", "--data-dir", str(data_dir), *arguments]
        environment = os.environ | self.variables
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


def _text_of(step: datetime | timedelta | float) -> str:
    if isinstance(step, timedelta):
        return f"asleep={step.total_seconds()}"
    return step.isoformat() if isinstance(step, datetime) else str(step)


def days(count: float) -> datetime:
    """Return the moment that is so many days from now."""
    return datetime.fromtimestamp(round(time.time() + count * 86_400), UTC)
