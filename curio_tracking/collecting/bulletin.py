"""Bulletin: when the writer puts its health where other processes can read it. Runs on the writer thread.

Before the first flush and after it, whenever its state changes, every few seconds while its counts do, once it is known
what a call costs, and at its end.
"""

from __future__ import annotations

from curio_tracking.collecting.checkup import counts_of, health_of
from curio_tracking.collecting.clock import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from curio_tracking.collecting.collector import Collector
    from curio_tracking.health_files import HealthFile

SECONDS_BETWEEN: Final = 5.0
SECONDS_BETWEEN_TOUCHES: Final = 20.0
PLACE: Final = "health file"


class Bulletin:
    """What was told last, and when."""

    def __init__(self, collector: Collector) -> None:
        """Args: whose health it is about."""
        self._collector = collector
        self._told: tuple[Any, ...] = ()
        self._told_at: float | None = None
        self._touched_at = 0.0

    def publish(self, file: HealthFile, state: str) -> None:
        """Write the health down if it is time to."""
        now = clock()
        if self._told_at is not None and state == self._told[0] and now - self._told_at < SECONDS_BETWEEN:
            return
        # the rest of the health is not worth a look at the store, every few seconds in a program that does nothing
        collector = self._collector
        telling = state, counts_of(collector), collector.guard.errors.total(), collector.writer.pulse.overhead_ns
        if telling != self._told and self._write(file):
            self._told, self._touched_at = telling, now
        elif self._told_at is not None and now - self._touched_at >= SECONDS_BETWEEN_TOUCHES:
            file.touch()
            self._touched_at = now
        self._told_at = now if self._told else None

    def close(self, file: HealthFile, *, is_replaced: bool) -> None:
        """Say the last word.

        Args:
            is_replaced: whether another writer goes on, with the counts of this one and a file of its own.
        """
        if is_replaced:
            file.remove()
        else:
            self._write(file)
            file.close()

    def _write(self, file: HealthFile) -> bool:
        """Write the health of whoever has recorded something; return whether it did."""
        health = health_of(self._collector)
        if not health["recorded"]:
            return False
        try:
            file.write(health)
        except Exception:
            # not logged: a disk that takes no records is the backend's to complain of
            self._collector.guard.errors[PLACE] += 1
        return True
