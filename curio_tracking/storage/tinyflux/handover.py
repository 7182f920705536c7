"""Handover: a deletion asks the processes that write to seal their segments; each does so before it writes on.

The request is a file, `raw/.seal`, there for as long as the deletion waits. A writer obeys each one once and goes on in
new segments, so nobody has to stop, and a request that a killed deletion left costs nothing more.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from curio_tracking.opening import open_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME: Final = ".seal"


class SealRequests:
    """What a writer hears of requests."""

    def __init__(self, raw: Path) -> None:
        """Args: the directory of all days."""
        self._path = os.fspath(raw / _NAME)
        self._obeyed: tuple[int, int] | None = None

    def is_new(self) -> bool:
        """Whether there is a request that this was not asked about before."""
        try:
            status = os.lstat(self._path)
        except OSError:
            return False
        request = status.st_ino, status.st_mtime_ns
        is_new, self._obeyed = request != self._obeyed, request
        return is_new


@contextmanager
def requested_seal(raw: Path) -> Iterator[None]:
    """Ask all who write to seal their segments, for the length of the `with` block.

    Args:
        raw: the directory of all days; the caller holds the lock of upkeep, so there is one request at a time.

    Raises:
        OSError: the request cannot be made.
    """
    path = raw / _NAME
    path.unlink(missing_ok=True)  # left by a deletion that was killed, and obeyed already
    os.close(open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
