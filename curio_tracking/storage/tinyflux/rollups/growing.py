"""Growing: the rollup of a live segment: folded batch by batch, put beside the segment from time to time.

A checkpoint is written when so much came since the last one that a reader would feel it, but not before it pays: the
work of writing one grows with the number of cells. Failing to write one is no failure: it is a cache.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from curio_tracking.logbook import debug
from curio_tracking.storage.tinyflux.rollups.cells import HOUR_US
from curio_tracking.storage.tinyflux.rollups.checkpoint import Growth, fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from curio_tracking.records import FeatureRecord

FEWEST_RECORDS: Final = 256
"""A reader folds so few as fast as it loads a checkpoint."""
RECORDS_PER_CHECKPOINT: Final = 5_000
RECORDS_PER_CELL: Final = 50
"""Writing a cell costs about as much as folding twenty records."""
QUIET_SECONDS: Final = 10.0
"""How long after the last checkpoint a quiet moment is used for another one."""


class GrowingRollup:
    """The rollup of one live segment."""

    def __init__(self, path: Path) -> None:
        """Args: where the checkpoint is put."""
        self._path = path
        self._growth = Growth()
        self._hour = 0
        self._since = 0
        self._total = 0
        self._written_at = time.monotonic()
        self._is_broken = False

    def add(self, size: int, records: Sequence[FeatureRecord], file: int) -> None:
        """Count a batch that was acknowledged.

        Args:
            size: of its lines, in bytes. records: what a reader makes of the lines. file: the open segment.
        """
        if self._is_broken:
            return
        try:
            starts = [record.start_us for record in records]
            self._growth.index.extend(size, min(starts), max(starts))
            self._turn_hour(starts[-1] // HOUR_US)
            self._growth.cells.add(records)
        # whatever a record holds: readers fold what no checkpoint covers, and say what is wrong with it
        except Exception as error:
            debug(f"no more checkpoints at {self._path}: {error}")
            self._is_broken = True
            return
        self._since += len(records)
        self._total += len(records)
        if self._since >= RECORDS_PER_CHECKPOINT and self._since >= RECORDS_PER_CELL * len(self._growth.cells):
            self.write(file)

    def _turn_hour(self, hour: int) -> None:
        if hour != self._hour:
            self._growth.freeze()
            self._hour = hour

    def write_if_quiet(self, file: int) -> None:
        """Write a checkpoint if something came since the last one and that is a while ago."""
        if self._since >= FEWEST_RECORDS and time.monotonic() - self._written_at >= QUIET_SECONDS:
            self.write(file)

    def finish(self, file: int) -> None:
        """Write the last checkpoint, if it pays."""
        if self._since and self._total >= FEWEST_RECORDS:
            self.write(file)

    def write(self, file: int) -> None:
        """Write a checkpoint."""
        if self._is_broken:
            return
        try:
            self._growth.write(self._path, fingerprint_of(file, self._growth.index.end))
        except OSError as error:
            debug(f"cannot write {self._path}: {error}")
        self._since = 0
        self._written_at = time.monotonic()
