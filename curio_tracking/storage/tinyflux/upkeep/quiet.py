"""Quiet upkeep: rounds in the quiet moments of a writer, one piece at a time, and whole rounds when somebody asks.

The lock is taken for each piece and let go again: a deletion waits for a piece at most. What a round found out may be
outdated when its next piece is done; every piece looks at the files again and fails if they are others.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.logbook import debug
from curio_tracking.maintenance import MaintenanceReport
from curio_tracking.storage.tinyflux.catalog import raw_directory
from curio_tracking.storage.tinyflux.staging import finish_staged
from curio_tracking.storage.tinyflux.upkeep.lock import BusyError, upkeep_lock
from curio_tracking.storage.tinyflux.upkeep.pace import InterruptedUpkeepError, Pace
from curio_tracking.storage.tinyflux.upkeep.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from curio_tracking.storage.tinyflux.upkeep.rounds import Piece

ROUND_SECONDS: Final = 300.0
"""How long after a round the next one begins."""
_PATIENCE_SECONDS: Final = 30.0


class QuietUpkeep:
    """The upkeep of one data directory by one process."""

    def __init__(self, data_dir: Path, retention_days: int) -> None:
        """Args: the data directory; after how many days records go, 0 for never."""
        self._data_dir = data_dir
        self._retention_days = retention_days
        self._rounds = Rounds(data_dir, retention_days)
        self._pieces: Iterator[Piece] | None = None
        self._next_round = 0.0

    def step(self, is_wanted: Callable[[], bool]) -> None:
        """Do one piece of work if one is due. Never raises: what fails is tried again in the next round."""
        if time.monotonic() < self._next_round or not raw_directory(self._data_dir).is_dir():
            return
        try:
            with upkeep_lock(self._data_dir, seconds=0.0):
                if self._pieces is None:
                    self._pieces = self._rounds.pieces()
                piece = next(self._pieces, None)
                if piece is not None:
                    self._rounds.run(piece, Pace(is_wanted))
        except InterruptedUpkeepError:
            return
        except (BusyError, StorageError, OSError) as error:
            debug(f"no upkeep for now: {error}")
            piece = None
        if piece is None:
            self._pieces = None
            self._next_round = time.monotonic() + ROUND_SECONDS

    def whole_round(self, progress: Callable[[str, int, int], None]) -> MaintenanceReport:
        """Do everything that is due.

        Args:
            progress: told what is being done, and how many bytes of how many are done.

        Raises:
            BusyError: another process does the same, for long. StorageError: the store cannot be read or written.
        """
        report = MaintenanceReport(bytes_before=disk_bytes(self._data_dir))
        finish_staged(self._data_dir)
        if raw_directory(self._data_dir).is_dir():
            with upkeep_lock(self._data_dir, seconds=_PATIENCE_SECONDS):
                rounds = Rounds(self._data_dir, self._retention_days, is_thorough=True)
                for piece in rounds.pieces():
                    problem = rounds.run(piece, Pace(tell=_teller(piece, progress)))
                    if problem is None:
                        report.done += 1
                    else:
                        report.failed = [*(report.failed or ()), problem]
        report.bytes_after = disk_bytes(self._data_dir)
        return report


def _teller(piece: Piece, progress: Callable[[str, int, int], None]) -> Callable[[int], None]:
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress(piece.what, done, piece.size)

    tell(0)
    return tell


def disk_bytes(data_dir: Path) -> int:
    """Return what the records and rollups of a data directory take on the disk."""
    total = 0
    for name in ("raw", "rollups", "quarantine"):
        if (data_dir / name).is_symlink():
            continue  # os.walk follows the one it begins with
        for folder, _folders, files in os.walk(data_dir / name):
            for file in files:
                try:
                    total += os.lstat(os.path.join(folder, file)).st_size  # noqa: PTH118 - many files
                except FileNotFoundError:
                    continue
    return total
