"""Complaints: one warning when sending fails, and then silence for a while.

A dead collector would otherwise fill the log of the application that is tracked.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from curio_tracking_otel.environment import Destination

_log: Final = logging.getLogger("curio_tracking")
SECONDS_BETWEEN: Final = 600.0


class Complaints:
    """What the log hears of one exporter.

    Attributes:
        spans_lost: how many records never became spans that somebody took.
    """

    def __init__(self) -> None:
        self.spans_lost = 0
        self._failing: set[str] = set()
        self._quiet_until = 0.0

    def failed(self, destination: Destination, reason: str, *, lost: int = 0) -> None:
        """Warn, unless that was done a short time ago.

        Args:
            destination: what could not be sent, and where to.
            reason: in one line.
            lost: how many spans are lost by this.
        """
        self.spans_lost += lost
        self._failing.add(destination.what)
        if monotonic() < self._quiet_until:
            return
        self._quiet_until = monotonic() + SECONDS_BETWEEN
        _log.warning(
            'exporter "otel" cannot send %s to %s: %s; calls are tracked and stored as ever, spans lost so far: %d',
            destination.what,
            destination.url,
            reason,
            self.spans_lost,
        )

    def succeeded(self, destination: Destination) -> None:
        """Say so if it failed before."""
        if destination.what in self._failing:
            self._failing.discard(destination.what)
            _log.info('exporter "otel" sends %s again', destination.what)
