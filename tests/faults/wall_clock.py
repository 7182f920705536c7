"""A wall clock that a test sets for programs that it starts: `wall_clock.c`, compiled. The machine's own is left alone.

The monotonic clock goes on, as it does when somebody, or a time server, sets the other one. So do the times that the
kernel gives to files.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
FILE = "WALL_CLOCK_FILE"


def compiled(directory: Path) -> Path:
    """Return the library, made in this directory."""
    compiler = shutil.which("cc")
    assert compiler, "these tests set the clock of a program and need a C compiler: apt-get install gcc libc6-dev"
    library = directory / "wall_clock.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(library), str(SOURCE)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return library


def set_ahead(path: str | os.PathLike[str], ahead: timedelta) -> None:
    """Let the clock show so much more than it would; at once, to all programs that have this file."""
    nanoseconds = round(ahead / timedelta(microseconds=1)) * 1000
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, struct.pack("=q", nanoseconds))  # all at once: a reader sees the one or the other
    os.close(descriptor)


def ahead(path: str | os.PathLike[str]) -> timedelta:
    """Return how much more the clock shows."""
    (nanoseconds,) = struct.unpack("=q", Path(path).read_bytes())
    return timedelta(microseconds=nanoseconds // 1000)


def until(moment: str) -> timedelta:
    """Return how far a clock is ahead that shows this moment (ISO 8601, UTC) now."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC) - datetime.fromtimestamp(time.time(), UTC)
