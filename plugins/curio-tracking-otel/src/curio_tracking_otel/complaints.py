"""Complaints: one warning when sending fails, and then silence for a while.

A dead collector would otherwise fill the log of the application that is tracked.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_log: Final = logging.getLogger("curio_tracking")
SECONDS_BETWEEN: Final = 600.0


class Complaints:
    """What the log hears of one exporter.

    Attributes:
        failures: how often sending failed, by signal.
    """

    def __init__(self, addresses: Mapping[str, str]) -> None:
        """Args: where each signal goes, for the message."""
        self.failures: dict[str, int] = dict.fromkeys(addresses, 0)
        self._addresses = dict(addresses)
        self._failing: set[str] = set()
        self._quiet_until = 0.0

    def failed(self, signal: str, reason: str, lost: int) -> None:
        """Count a failure; warn, unless that was done a short time ago.

        Args:
            signal: "spans" or "metrics".
            reason: in one line.
            lost: how many spans were lost so far.
        """
        self.failures[signal] += 1
        self._failing.add(signal)
        if monotonic() < self._quiet_until:
            return
        self._quiet_until = monotonic() + SECONDS_BETWEEN
        _log.warning(
            'exporter "otel" cannot send %s to %s: %s; calls are tracked and stored as ever, spans lost so far: %d',
            signal,
            self._addresses[signal],
            reason,
            lost,
        )

    def succeeded(self, signal: str) -> None:
        """Say so if it failed before."""
        if signal in self._failing:
            self._failing.discard(signal)
            _log.info('exporter "otel" sends %s again', signal)
