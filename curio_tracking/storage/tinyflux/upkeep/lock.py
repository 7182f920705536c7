"""The lock of all upkeep in one data directory: compaction, merging, retention and deletion exclude each other.

Writers and readers never take it: they need not know that somebody tidies up.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.storage.directories import make_private, storage_error
from curio_tracking.storage.files import LOCK_PAUSE, open_to_append, release, try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME: Final = "maintenance.lock"


class BusyError(StorageError):
    """Somebody else keeps the store in order at the moment."""


@contextmanager
def upkeep_lock(data_dir: Path, *, seconds: float) -> Iterator[None]:
    """Hold the lock for the length of the `with` block.

    Args:
        data_dir: the data directory; it is made if there is none.
        seconds: how long to wait for whoever has it.

    Raises:
        BusyError: somebody still has it. StorageError: the lock's file cannot be made.
    """
    path = data_dir / FILE_NAME
    make_private(data_dir, below=data_dir)
    try:
        file = open_to_append(path, new=False)
    except OSError as error:
        raise storage_error(error, "create", path) from error
    try:
        deadline = time.monotonic() + seconds
        while not try_lock(file):
            if time.monotonic() > deadline:
                raise BusyError(f"another process is tidying up {data_dir}; try again when it is done")
            time.sleep(LOCK_PAUSE)
        yield
    finally:
        release(file)
