"""A program that lives the scenario again and again, each time in a fresh process that waits to be traced first.

python workload.py RECENT_DAY

For each line `DATA_DIR<tab>FILE` on standard input it forks, prints the child's process id once the child has stopped
itself, and its exit status once it has ended. The child notes in FILE which steps are done.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

from scenario import live
from small_sizes import make_sizes_small

_SET_PTRACER: Final = 0x59616D61
_ANY: Final = ctypes.c_ulong(-1)
_write = os.write


def write_in_halves(file: int, data: bytes) -> int:
    """Write with two calls, so that a kill can fall between them, as it does in the middle of a large write."""
    half = len(data) // 2
    return _write(file, data[:half]) + _write(file, data[half:])


def live_once(data_dir: Path, acknowledgements: str, recent_day: str) -> None:
    """Wait for the tracer, then live; what is done is noted with `writev`, which the engine never calls."""
    file = os.open(acknowledgements, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.kill(os.getpid(), signal.SIGSTOP)
    live(data_dir, recent_day, lambda number: os.writev(file, [b"%d\n" % number]))


def main(recent_day: str) -> None:
    """Fork a life per line."""
    make_sizes_small()
    os.write = write_in_halves
    # where only ancestors may trace: this process and its children may be traced by anybody who may kill them
    ctypes.CDLL(None).prctl(_SET_PTRACER, _ANY, 0, 0, 0)
    for line in sys.stdin:
        data_dir, acknowledgements = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(_SET_PTRACER, _ANY, 0, 0, 0)
            live_once(Path(data_dir), acknowledgements, recent_day)
            os._exit(0)
        os.waitpid(child, os.WUNTRACED)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
