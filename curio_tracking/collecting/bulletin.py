"""Bulletin: when the writer puts its health where other processes can read it. Runs on the writer thread.

After the first flush, whenever its state changes, every few seconds while its counts do, and at its end.
"""

from __future__ import annotations

from curio_tracking.collecting.clock import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from curio_tracking.collecting.guard import Guard
    from curio_tracking.health_files import HealthFile

SECONDS_BETWEEN: Final = 5.0
SECONDS_BETWEEN_TOUCHES: Final = 20.0
PLACE: Final = "health file"
_TELLING: Final = ("state", "recorded", "written", "pending", "dropped", "errors")


class Bulletin:
    """What was told last, and when."""

    def __init__(self, health: Callable[[], dict[str, Any]]) -> None:
        """Args: what tells the health of the writer."""
        self._health = health
        self._told: tuple[Any, ...] | None = None
        self._state: str | None = None
        self._told_at = 0.0
        self._touched_at = 0.0

    def publish(self, file: HealthFile, guard: Guard, state: str) -> None:
        """Write the health down if it is time to."""
        now = clock()
        if self._told is not None and state == self._state and now - self._told_at < SECONDS_BETWEEN:
            return
        health = self._health()
        if not health["recorded"]:
            return
        telling = tuple(health[key] for key in _TELLING)
        self._told_at = now
        if telling != self._told:
            self._write(file, guard, health)
            self._told, self._state, self._touched_at = telling, state, now
        elif now - self._touched_at >= SECONDS_BETWEEN_TOUCHES:
            file.touch()
            self._touched_at = now

    def close(self, file: HealthFile, guard: Guard, *, is_replaced: bool) -> None:
        """Say the last word.

        Args:
            is_replaced: whether another writer goes on, with the counts of this one and a file of its own.
        """
        if is_replaced:
            file.remove()
            return
        health = self._health()
        if health["recorded"]:
            self._write(file, guard, health)
        file.close()

    def _write(self, file: HealthFile, guard: Guard, health: dict[str, Any]) -> None:
        try:
            file.write(health)
        except Exception:
            guard.errors[PLACE] += 1  # not logged: a disk that takes no records is the backend's to complain of
