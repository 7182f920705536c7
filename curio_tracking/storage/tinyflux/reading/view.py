"""View: one segment as a reader knows it: its blocks, and the totals of what no rollup covers yet.

Kept between questions, so that the next one only looks at what was written since. Reads, never writes.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from curio_tracking.storage.tinyflux.blocks import BlockIndex, lines_of, opened, scan
from curio_tracking.storage.tinyflux.measures import measure
from curio_tracking.storage.tinyflux.rollups.cells import Cells
from curio_tracking.storage.tinyflux.rollups.checkpoint import Checkpoint, fingerprint_of
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, MovedError, signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from curio_tracking.queries import RecordQuery
    from curio_tracking.storage.tinyflux.blocks import Block
    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.rollups.cells import CellKey
    from curio_tracking.summaries import Summary

_MOST_TAIL_CELLS = 2000
"""Own totals of so many cells are given up for a newer checkpoint."""


class SegmentView:
    """What is known of one segment.

    Attributes:
        file: as listed last. checkpoint: what lies beside it, if it can be used.
        index: the blocks known so far. tail: the totals of what the checkpoint does not cover, once asked for.
        bad_rows: hashes of lines that were met and are no records.
        is_outdated: set when the checkpoint was replaced before all of it had been read; this view cannot be used.
    """

    def __init__(self, file: SegmentFile) -> None:
        """Read the checkpoint, if there is one.

        Raises:
            FileNotFoundError: the segment is gone. StorageError: it cannot be read.
        """
        self.file = file
        self.checkpoint: Checkpoint | None = None
        self.index = BlockIndex()
        self.tail = Cells()
        self.bad_rows: set[int] = set()
        self.is_outdated = False
        self._folded = 0
        with opened(file.path) as opened_file:
            self._status = os.fstat(opened_file)
            self._take_checkpoint(opened_file)
            self._mark = self._marked(opened_file)

    def _take_checkpoint(self, opened_file: int) -> None:
        try:
            checkpoint = Checkpoint(self.file, opened_file)
        except (DamagedError, OSError):
            return
        self.checkpoint = checkpoint
        self.index = checkpoint.index.copy()
        if checkpoint.has_totals:
            self._folded = checkpoint.covered

    def is_good_for(self, file: SegmentFile) -> bool:
        """Whether this view still holds for what a new listing says of the segment.

        Raises:
            FileNotFoundError: the segment is gone.
        """
        if self.is_outdated or file.path != self.file.path or not self._is_same_file():
            return False
        if len(self.tail.totals) < _MOST_TAIL_CELLS:
            return True
        before = self.checkpoint.signature if self.checkpoint is not None else None
        return signature_of(file.rollup_path) in (None, before)

    def _is_same_file(self) -> bool:
        """Whether the file only grew, if anything. A rewritten one may have the old inode and any size."""
        before, now = self._status, self.file.path.lstat()
        if _identity(now) != _identity(before):
            return False
        if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            if now.st_size <= before.st_size:
                return False
            with self._opened() as file:
                if fingerprint_of(file, self._mark[0]) != self._mark[1]:
                    return False
            self._status = now
        return True

    def _marked(self, file: int) -> tuple[int, int]:
        """Return what tells whether the file still begins with what is known: how far that is, and a fingerprint."""
        end = min(os.fstat(file).st_size, max(self.index.end, self._folded))
        return end, fingerprint_of(file, end)

    def bytes_to_fold(self) -> int:
        """Return how many bytes `fold` would read."""
        return max(0, self.file.size - self._folded)

    def index_of_all(self) -> BlockIndex:
        """Return the blocks of all complete lines that were there when the segment was listed, or more."""
        if self.index.end < self.file.size:
            with self._opened() as file:
                for block, _lines in scan(file, self.index.end, is_compressed=self.file.is_compressed):
                    self._note(block)
                self._mark = self._marked(file)
        return self.index

    def _note(self, block: Block) -> None:
        if block.offset != self.index.end:
            return
        if self.file.is_compressed:
            self.index.append(block)
        else:
            self.index.extend(block.size, block.first_us, block.last_us)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        with opened(self.file.path) as file:
            if _identity(os.fstat(file)) != _identity(self._status):
                raise MovedError(self.file.path)
            yield file

    def lines_of(self, block: Block) -> list[bytes]:
        """Return the lines of a block.

        Raises:
            FileNotFoundError, MovedError: the segment is gone, or was rewritten.
        """
        with self._opened() as file:
            return lines_of(file, block, is_compressed=self.file.is_compressed)

    def lines(self, where: RecordQuery) -> Iterator[list[bytes]]:
        """Yield the lines of every block in which a start can lie in the time range of the query.

        Raises: as `lines_of`.
        """
        for block in self.index_of_all().blocks:
            if block.overlaps(where.since_us, where.until_us):
                yield self.lines_of(block)

    def fold_covered(self) -> dict[CellKey, Summary]:
        """Return the totals of what the checkpoint covers, from the rows.

        Raises: as `lines_of`.
        """
        cells = Cells()
        for block in self.checkpoint.index.blocks if self.checkpoint is not None else ():
            cells.add_measures(measure(self.lines_of(block))[0])
        return cells.settle()

    def fold(self, progress: Callable[[int], None]) -> Cells:
        """Return the totals of everything that the checkpoint does not cover.

        Args:
            progress: told how many bytes were read since it was told last.

        Raises: as `lines_of`.
        """
        if self._folded < self.file.size:
            with self._opened() as file:
                for block, lines in scan(file, self._folded, is_compressed=self.file.is_compressed):
                    measured, bad = measure(lines)
                    self.tail.add_measures(measured)
                    self.bad_rows.update(map(hash, bad))
                    self._folded = block.end
                    self._note(block)
                    progress(block.size)
                self._mark = self._marked(file)
        self.tail.settle()
        return self.tail


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
