"""Time and identity: one monotonic clock for durations, anchored once to the wall clock; ids that sort by time.

A record id is a pure function of (process, thread, start), so the id of a parent that is still running can be told
from its start alone, and no id is made while the host waits.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

clock: Final = time.perf_counter
"""Seconds; never goes backwards, unlike the wall clock."""

_anchor_ns: Final = time.time_ns()
_anchor: Final = clock()
_process = os.urandom(4).hex()
began = 0.0
"""A call that began before this reading of `clock` belongs to the process that forked this one."""


def wall_ns(start: float) -> int:
    """Return nanoseconds since 1970 UTC of a reading of `clock`, if the machine never slept; see `sleep`."""
    return _anchor_ns + int((start - _anchor) * 1e9)


def id_suffix(thread_number: int) -> str:
    """Return what the ids of all records of one thread end with: process and thread, in hex."""
    return f"{_process}{thread_number:x}"


def record_id(start: float, suffix: str) -> str:
    """Return the id of the call that began at `start` on the thread of the suffix: nanoseconds, process and thread.

    Unique as long as one thread cannot begin two calls within one tick of the clock (a nanosecond on Linux).
    """
    return f"{_anchor_ns + int((start - _anchor) * 1e9):016x}{suffix}"


def renew_after_fork() -> None:
    """Take a new identity in a forked child; the anchor stays, both clocks go on."""
    global _process, began
    _process = os.urandom(4).hex()
    began = clock()
