"""Runs the command line program in this process, with a file, a terminal or a closed pipe as its standard output.

A process of its own takes half a second, most of it imports; a suite runs a command some thirty times.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import pty
import struct
import sys
import tempfile
import termios
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from curio_tracking.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLUMNS: Final = 400
"""A terminal so wide that no name is cut."""


@dataclass(frozen=True)
class CommandRun:
    """How a run of the program ended.

    Attributes:
        code: the exit code.
        out, err: what came on stdout and stderr.
    """

    code: int
    out: str
    err: str


def run_to_file(arguments: Sequence[str], encoding: str = "utf-8") -> CommandRun:
    """Run the program with a file as its stdout, as after `>`; what is written must fit `encoding`."""
    with tempfile.TemporaryFile("w+", encoding=encoding, newline="") as out:
        code, err = _run(arguments, out)
        out.flush()
        out.seek(0)
        return CommandRun(code, out.read(), err)


def run_on_terminal(arguments: Sequence[str]) -> CommandRun:
    """Run the program with a terminal as its stdout; the two characters that end a line there become one again."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 200, COLUMNS, 0, 0))
    shown: list[bytes] = []
    screen = threading.Thread(target=_read_all, args=(master, shown), daemon=True)
    screen.start()
    with open(slave, "w", encoding="utf-8") as out:  # noqa: PTH123 - a descriptor
        code, err = _run(arguments, out)
    screen.join()
    os.close(master)
    return CommandRun(code, b"".join(shown).decode("utf-8", "backslashreplace").replace("\r\n", "\n"), err)


def run_to_closed_pipe(arguments: Sequence[str]) -> CommandRun:
    """Run the program with a pipe as its stdout that nobody reads, as after `| head -0`."""
    reading, writing = os.pipe()
    os.close(reading)
    out = open(writing, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - closed below, where that may fail
    code, err = _run(arguments, out)
    try:
        out.close()
    except BrokenPipeError:
        err += "what was printed is still waiting for the closed pipe"
    return CommandRun(code, "", err)


def _run(arguments: Sequence[str], out: IO[str]) -> tuple[int, str]:
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    with _streams(out, err):
        try:
            code = main(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    err.flush()
    err.seek(0)
    return code, err.read()


@contextmanager
def _streams(out: IO[str], err: IO[str]) -> Iterator[None]:
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _read_all(descriptor: int, parts: list[bytes]) -> None:
    while True:
        try:
            part = os.read(descriptor, 65_536)
        except OSError as error:
            if error.errno == errno.EIO:  # the last one has closed the terminal
                return
            raise
        if not part:
            return
        parts.append(part)
