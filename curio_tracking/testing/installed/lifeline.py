"""Lifeline: ends the process that holds a plugin to its suites, once the one that has started it is gone.

The starter alone holds the writing end of a pipe, so however it ends, even killed, the reading end says so.
"""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from threading import Thread


def hold(lifeline: int) -> None:
    """Kill this process and what it has started when nobody holds the other end of the pipe any more.

    Args:
        lifeline: file descriptor of the reading end. The working directory is removed as well: it is a temporary one.
    """
    Thread(target=_end_with_starter, args=(lifeline, Path.cwd()), daemon=True, name="lifeline").start()


def _end_with_starter(lifeline: int, directory: Path) -> None:
    os.read(lifeline, 1)
    shutil.rmtree(directory, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)
