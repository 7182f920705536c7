"""The live segment: one file that this process alone appends to, locked for as long as it does.

A segment whose lock is free is sealed: its owner closed it or died, and it never grows again. Its name does not
change, and stock TinyFlux opens it. Its rollup grows along with it. Uses `storage.files`.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from curio_tracking.storage.directories import sync_directory
from curio_tracking.storage.files import append_whole, is_at, open_to_append, try_lock
from curio_tracking.storage.tinyflux.catalog import ROLLUP
from curio_tracking.storage.tinyflux.rollups.growing import GrowingRollup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from curio_tracking.records import FeatureRecord


class Segment:
    """A file this process writes to.

    Attributes:
        path: where it is.
        size: where its last acknowledged line ends, in bytes.
        touched: when it was last written to, in seconds of the monotonic clock.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        """Create the file, which must not exist, and take its lock.

        Raises:
            FileExistsError: there is one already. BlockingIOError: somebody took the new file's lock before us, and
                may have removed it.
            OSError: the file cannot be made.
        """
        self.path = path
        self.size = 0
        self.touched = time.monotonic()
        self._durable = durable
        self._needs_cut = False
        self._rollup = GrowingRollup(path.with_suffix(ROLLUP))
        self._file = open_to_append(path, new=True)
        _live.add(self)
        try:
            # is_at: before we had the lock, upkeep may have taken the empty file for one that a killed process left
            if not try_lock(self._file) or not is_at(self._file, path):
                raise BlockingIOError(f"{path} is locked, or gone")
            if durable:
                self._sync_name()
        except OSError:
            self.forget()
            raise

    def _sync_name(self) -> None:
        try:
            sync_directory(self.path.parent)
        except OSError:
            # the next attempt takes another name: an empty file would stay of each
            with contextlib.suppress(OSError):
                self.path.unlink()
            raise

    @property
    def is_usable(self) -> bool:
        """Whether the file is still ours to write: open, and neither removed nor replaced."""
        return self._file >= 0 and is_at(self._file, self.path)

    def append(self, lines: bytes) -> None:
        """Add lines with one write; they count once `acknowledge` was called.

        Raises:
            OSError: nothing was added, or `cut_back` is needed.
        """
        if self._needs_cut:
            self._cut()
        self._needs_cut = True
        append_whole(self._file, lines)
        if self._durable:
            os.fsync(self._file)

    def acknowledge(self, size: int, records: Sequence[FeatureRecord]) -> None:
        """Say that the lines appended last are there to stay, how many bytes they have and whose they are."""
        self.size += size
        self.touched = time.monotonic()
        self._needs_cut = False
        self._rollup.add(size, records, self._file)

    def checkpoint(self) -> None:
        """Bring the rollup beside the segment up to date, if it pays."""
        self._rollup.write_if_quiet(self._file)

    def cut_back(self) -> None:
        """Take away what was appended and not acknowledged; if the disk refuses, the next append tries again first."""
        with contextlib.suppress(OSError):
            self._cut()

    def _cut(self) -> None:
        os.ftruncate(self._file, self.size)
        self._needs_cut = False

    def seal(self) -> None:
        """Close the file, which frees its lock; an empty one is removed."""
        if self._file < 0:
            return
        if self._needs_cut:
            self.cut_back()
        if self.size == 0:
            with contextlib.suppress(OSError):
                self.path.unlink()
        else:
            self._rollup.finish(self._file)
        self.forget()

    def forget(self) -> None:
        """Close the descriptor and nothing else. In a forked child the parent's lock lives on in the parent."""
        file, self._file = self._file, -1
        _live.discard(self)
        if file >= 0:
            with contextlib.suppress(OSError):
                os.close(file)


# no weak references: in a child the trackers are new already, and the descriptors of the former ones nobody's
_live: set[Segment] = set()


def _forget_inherited() -> None:
    for segment in list(_live):
        segment.forget()


# a child that kept the descriptors would keep the parent's segments looking live after the parent's end
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_inherited)
