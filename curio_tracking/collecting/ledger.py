"""Ledger: what became of every call, so that `recorded = written + folded + dropped + pending` at every moment.

The writer moves calls from one state to the next under the ledger's lock; `counts` reads all of them under the same.
"""

from __future__ import annotations

from collections import Counter
from threading import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from curio_tracking.collecting.buffer import Buffer, Fold


class Ledger:
    """The counts of one writer.

    Attributes:
        written: acknowledged records that stand for one call.
        folded: calls in acknowledged records that stand for many.
        dropped: calls given up, by reason.
    """

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer
        self._lock = RLock()  # health() may be asked by a signal handler in the middle of health()
        self._in_hand = 0
        self.written = 0
        self.folded = 0
        self.dropped: Counter[str] = Counter()

    def take_rows(self, most: int) -> list[Any]:
        """Take up to `most` rows from the buffer into the writer's hands."""
        rows = self._buffer.rows
        take = rows.popleft
        with self._lock:
            taken = [take() for _ in range(min(most, len(rows)))]
            self._buffer.scale.left += len(taken)
            self._in_hand += len(taken)
        return taken

    def buffered(self) -> int:
        """Return how many rows wait in the buffer."""
        return len(self._buffer.rows)

    def take_folds(self) -> list[Fold]:
        """Take everything that was folded so far."""
        with self._lock:
            folds = self._buffer.take_folds()
            self._in_hand += sum(fold.calls for fold in folds)
        return folds

    def put_down(self, calls: int, dropped: Mapping[str, int]) -> None:
        """Let go of calls that will not be written.

        Args:
            dropped: those of them that are counted, by reason; the others leave no trace.
        """
        with self._lock:
            self._in_hand -= calls
            self.dropped.update(dropped)

    def acknowledge(self, calls: list[int]) -> None:
        """Count records as written, given the number of calls that each stands for."""
        total, single = sum(calls), calls.count(1)
        with self._lock:
            self._in_hand -= total
            self.written += single
            self.folded += total - single

    def give_up(self, reason: str) -> int:
        """Drop everything pending and return how many calls that were."""
        with self._lock:
            left = self._pending()
            if left:
                self.dropped[reason] += left
            self._buffer.clear()
            self._in_hand = 0
        return left

    def counts(self, dropped_elsewhere: dict[str, int]) -> dict[str, Any]:
        """Return written, folded, dropped and pending calls at one moment.

        Args:
            dropped_elsewhere: calls that others dropped and count, by reason: they were never in the writer's hands.
        """
        with self._lock:
            dropped = self.dropped + Counter(dropped_elsewhere)
            return {
                "written": self.written,
                "folded": self.folded,
                "dropped": dict(dropped),
                "pending": self._pending(),
            }

    def pending(self) -> int:
        """Return how many calls wait to be written."""
        with self._lock:
            return self._pending()

    def _pending(self) -> int:
        return len(self._buffer.rows) + self._in_hand + self._buffer.folded_calls()
