"""Health files: how one process knows of another's counters. One small private file per tracker, below DATA_DIR.

The writer replaces its file as a whole, and holds the lock of the file that is in place: a file whose lock is free has
lost its owner. So the surfaces can tell who runs, who has ended and who was killed, whatever the backend is. Nothing of
a record is in a file: counts, names of parts, and what the settings say of the application.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.errors import StorageError
from curio_tracking.opening import open_file
from curio_tracking.records import iso_time
from curio_tracking.storage.directories import list_names, make_private, storage_error
from curio_tracking.storage.files import TEMPORARY, append_whole, is_unowned, remove_abandoned, try_lock, unlock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER: Final = "health"
SUFFIX: Final = ".json"
MOST_FILES: Final = 100
"""Of processes that are gone; the oldest are removed."""
MOST_PARTS: Final = 64
"""Reasons and places in one file."""
LONGEST_TEXT: Final = 200
A_DAY: Final = 86_400.0
_open: Final[set[HealthFile]] = set()


class HealthFile:
    """The file of one tracker in this process; used by its writer thread alone."""

    def __init__(
        self, data_dir: Path, about: Mapping[str, str | None], *, retention_days: int, flush_seconds: float
    ) -> None:
        """Touch no file yet.

        Args:
            data_dir: where the records are, too.
            about: what the settings say of the process, by names of `PROCESS_FIELDS`.
            retention_days: age at which files of processes that are gone are removed; 0: never.
            flush_seconds: that the writer may sleep, and not be heard of.
        """
        self._data_dir = data_dir
        self._folder = data_dir / FOLDER
        self._about = dict(about)
        self._retention_seconds = retention_days * A_DAY
        self._flush_seconds = flush_seconds
        self._file: int | None = None
        self._process_id = 0

    def write(self, health: Mapping[str, Any]) -> None:
        """Put these figures in the place of the last ones.

        Raises:
            StorageError: they cannot be written; the last ones stay.
        """
        if self._process_id != os.getpid():
            self._begin()
        now = _now()
        written = {**self._identity, **health, "updated": now, "flush_seconds": self._flush_seconds}
        data = json.dumps({key: _bounded(value) for key, value in written.items()}).encode()
        make_private(self._folder, below=self._data_dir)  # each time: it may have been removed
        try:
            self._replace(data)
        except OSError as error:
            raise storage_error(error, "write", self._path) from error

    def touch(self) -> None:
        """Say that the writer lives although nothing has changed."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.utime(self._file)

    def close(self) -> None:
        """Let go of the file; it stays for whoever asks what has become of the process."""
        if self._file is not None:
            unlock(self._file)
            self.forget()

    def remove(self) -> None:
        """Remove the file: another one tells the rest."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self.close()

    def forget(self) -> None:
        """Close the descriptor, in a forked child, too: the parent keeps the lock."""
        # closed last, as in `_replace`: a child that is forked after that would close a number that is another file's
        file, self._file = self._file, None
        _open.discard(self)
        if file is not None:
            os.close(file)

    def _begin(self) -> None:
        """Take a name of its own in this process, and make room for it."""
        self.forget()
        self._process_id = os.getpid()
        host = socket.gethostname()
        name = f"{re.sub('[^A-Za-z0-9.]', '-', host)[:64]}-{self._process_id}-{os.urandom(4).hex()}"
        self._path = self._folder / (name + SUFFIX)
        self._identity = {**self._about, "process_id": self._process_id, "host": host, "started": _now()}
        _remove_old(self._folder, self._retention_seconds)

    def _replace(self, data: bytes) -> None:
        temporary = self._path.with_name(f".{self._path.name}{TEMPORARY}")
        with contextlib.suppress(FileNotFoundError):  # of an attempt that failed
            temporary.unlink()
        file = open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            try_lock(file)  # before it has its name: a file in place is never without its owner
            append_whole(file, data)
            temporary.replace(self._path)
        except BaseException:
            os.close(file)
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        former, self._file = self._file, file
        _open.add(self)
        if former is not None:
            os.close(former)


def _forget_in_child() -> None:
    # Or the child would hold the locks of its parent, which would seem to live for as long as the child does. No weak
    # references: in the child the trackers are new already, and the descriptors of the former ones nobody's.
    for file in list(_open):
        file.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)


def _bounded(value: Any) -> Any:
    """Return a value that takes little room, whatever plugins are called."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, dict):
        return {str(name)[:LONGEST_TEXT]: count for name, count in list(value.items())[:MOST_PARTS]}
    return value


def _remove_old(folder: Path, retention_seconds: float) -> None:
    """Remove what processes left that are gone: files beyond their age or their number, and halves of files."""
    now = time.time()
    with contextlib.suppress(StorageError, OSError):
        remove_abandoned(folder, now)
        ages = [(now - (folder / name).stat().st_mtime, name) for name in list_names(folder) if name.endswith(SUFFIX)]
        for number, (age, name) in enumerate(sorted(ages)):
            if number >= MOST_FILES - 1 or 0 < retention_seconds < age:
                _remove_unowned(folder / name)


def _remove_unowned(path: Path) -> None:
    with contextlib.suppress(OSError):
        file = open_file(path, os.O_RDWR)
        try:
            if is_unowned(file):
                path.unlink()
        finally:
            os.close(file)


def _now() -> str:
    return iso_time(time.time_ns() // 1000)
