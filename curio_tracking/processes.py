"""Processes: what the health files say of those that track into a data directory. Reads, and changes nothing.

Behind `Reader.processes`, for the surfaces. Whatever is in a file, the answer has the keys and kinds of `health`.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.health import HEALTH_FIELDS, PROCESS_FIELDS, STATES
from curio_tracking.health_files import FOLDER, LONGEST_TEXT, SUFFIX
from curio_tracking.opening import open_file
from curio_tracking.records import iso_time
from curio_tracking.storage.directories import list_names

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_FILE: Final = 65_536
MOST_COUNTED: Final = 1 << 63
SILENT_AFTER_SECONDS: Final = 60.0
"""Of a writer that wakes more often; others have two of their pauses."""
_COUNTED: Final = ("dropped", "errors")
_TEXTS: Final = ("state", "host", "app", "version", "environment", "backend", "started", "updated")


def known_processes(data_dir: Path) -> list[dict[str, Any]]:
    """Return what is known of the processes that track into a data directory, the last started first.

    Returns:
        One dictionary each, with the keys of `PROCESS_FIELDS` and `HEALTH_FIELDS`. Files that make no sense are left
        out.

    Raises:
        StorageError: this user may not read the directory.
    """
    folder = data_dir / FOLDER
    names = [name for name in list_names(folder) if name.endswith(SUFFIX) and not name.startswith(".")]
    found = [process for name in names if (process := _read(folder / name)) is not None]
    return sorted(found, key=lambda process: process["started"] or "", reverse=True)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        file = open_file(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        values = json.loads(os.read(file, LONGEST_FILE))
        modified_us = os.fstat(file).st_mtime_ns // 1000
        updated = iso_time(modified_us)
        is_owned = _is_owned(file)
    # OverflowError: files may be older or younger than any datetime
    except (OSError, ValueError, OverflowError, RecursionError):
        return None
    finally:
        os.close(file)
    if not isinstance(values, dict):
        return None
    process = {key: _checked(key, values.get(key)) for key in (*PROCESS_FIELDS, *HEALTH_FIELDS)}
    patience = max(SILENT_AFTER_SECONDS, 2 * (process["flush_seconds"] or 0))
    # also if that lies ahead: the clock was set back since, and a writer that lives would have been heard of again
    is_silent = abs(time.time() - modified_us / 1e6) > patience
    process["state"] = _state(process["state"], is_owned=is_owned, is_silent=is_silent)
    process["updated"] = updated
    return process


def _is_owned(file: int) -> bool | None:
    """Whether its process holds the lock; None where locks do not work."""
    try:
        import fcntl  # not on Windows
    except ImportError:
        return None
    try:
        # shared: two who look at the same time must not take each other for the owner
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def _state(said: str | None, *, is_owned: bool | None, is_silent: bool) -> str:
    state = said if said in STATES else "running"
    if state in ("ended", "failed"):
        return state
    if is_owned is False:
        return "killed"
    # a paused writer has nothing to say, and nothing in memory
    return "silent" if is_silent and state != "paused" else state


def _checked(key: str, value: object) -> Any:
    """Return the value if it is of the kind that the key has, else None (or no counts)."""
    if key in _COUNTED:
        counts = value if isinstance(value, dict) else {}
        return {name[:LONGEST_TEXT]: count for name, count in counts.items() if type(count) is int and _is_usual(count)}
    if key in _TEXTS:
        return value[:LONGEST_TEXT] if isinstance(value, str) else None
    return value if type(value) in (int, float) and _is_usual(value) else None


def _is_usual(number: Any) -> bool:
    """Whether it is a number that a tracker counts to."""
    return bool(0 <= number < MOST_COUNTED)  # false for NaN, too
