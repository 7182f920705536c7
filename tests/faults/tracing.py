"""strace: which system calls a process makes, and how to kill it at one of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

CALLS: Final = (
    "write", "pwrite64", "rename", "renameat", "renameat2", "fsync", "fdatasync", "unlink", "unlinkat", "ftruncate",
    "mkdir", "mkdirat", "rmdir", "openat", "flock",
)  # fmt: skip
"""Every call that changes files or waits for them, and those that take locks."""
_LINE: Final = re.compile(r"^(?P<call>\w+)\(.*$")
_ATTACH_SECONDS: Final = 120.0


class Call(NamedTuple):
    """One system call of a process.

    Attributes:
        name: its name. number: how many calls of this name there were, this one included.
        line: what strace says about it.
    """

    name: str
    number: int
    line: str


def strace() -> str:
    """Return where strace is."""
    found = shutil.which("strace")
    assert found, "these tests kill at chosen system calls and need strace: apt-get install strace"
    return found


class Lives:
    """The processes that `workload.py` forks, one after the other."""

    def __init__(self, recent_day: str) -> None:
        program = [sys.executable, str(Path(__file__).with_name("workload.py")), recent_day]
        self._forking = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        """End the program that forks."""
        self._forking.communicate()

    def calls(self, data_dir: Path, log: Path) -> list[Call]:
        """Live to the end and return all calls in `CALLS`."""
        options = ["-qq", "-o", str(log), "-e", f"trace={','.join(CALLS)}"]
        assert self._live(data_dir, log.with_suffix(".steps"), options) == 0
        numbers: dict[str, int] = {}
        found: list[Call] = []
        for line in log.read_text("utf-8", "replace").splitlines():
            if parsed := _LINE.match(line):
                name = parsed["call"]
                numbers[name] = number = numbers.get(name, 0) + 1
                found.append(Call(name, number, line))
        return found

    def steps_until_killed(self, data_dir: Path, call: Call) -> int:
        """Live until killed on entering a call; return how many steps were done.

        The kernel does not carry out a call on whose entry the process is killed: what is left is what all calls
        before this one have done.
        """
        steps = data_dir.with_name("steps")
        # no --seccomp-bpf, which would be faster: with it strace 6.1 counts the calls, but injects no signal
        inject = f"inject={call.name}:signal=KILL:when={call.number}"
        status = self._live(data_dir, steps, ["-qq", "-o", "/dev/null", "-e", f"trace={call.name}", "-e", inject])
        assert status == -9, f"not killed at {call}, but ended with {status}"
        return steps.read_bytes().count(b"\n")

    def _live(self, data_dir: Path, steps: Path, options: list[str]) -> int:
        assert self._forking.stdin is not None
        assert self._forking.stdout is not None
        self._forking.stdin.write(f"{data_dir}\t{steps}\n")
        self._forking.stdin.flush()
        process_id = int(self._forking.stdout.readline())
        tracer = subprocess.Popen([strace(), *options, "-p", str(process_id)], stderr=subprocess.PIPE, text=True)
        _wait_for_tracer(process_id, tracer)
        os.kill(process_id, signal.SIGCONT)
        tracer.communicate()
        return int(self._forking.stdout.readline())


def _wait_for_tracer(process_id: int, tracer: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _ATTACH_SECONDS
    while "TracerPid:\t0\n" in Path(f"/proc/{process_id}/status").read_text():
        assert tracer.poll() is None, f"strace cannot attach: {tracer.communicate()[1]}"
        assert time.monotonic() < deadline, "strace does not attach"
        time.sleep(0.001)
