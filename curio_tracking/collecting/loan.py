"""Loan: a collector works with another pipeline for a while, and goes on afterwards as if nothing had been.

What the host holds stays: the buffer, the wrappers, the sites. Writer, counters, failures and switches are others.
`curio_tracking.testing` lends the default tracker to each test; a program that tracks never imports this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking.collecting.guard import Guard
from curio_tracking.collecting.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking.collecting.collector import Collector
    from curio_tracking.collecting.pipeline import Pipeline

LONGEST_REST: Final = 5.0
"""Seconds to wait for a writer to write what is buffered: a dead disk must not hold up what comes next."""
_OF_BUFFER: Final = ("flush_interval", "queue_size", "queue_bytes", "min_duration", "overflowed", "too_short", "shut")


class Loan:
    """One loan of a collector; it begins when this is made and lasts until `end`. Loans may be nested."""

    def __init__(self, collector: Collector, load: Callable[[], Pipeline]) -> None:
        """Let the former writer finish, then begin anew.

        Args:
            collector: whose calls go another way from here on.
            load: puts the pipeline together; called on the writer thread when there is something to write.
        """
        self._collector = collector
        self._writer = collector.writer
        _put_to_rest(self._writer)
        buffer = collector.buffer
        self._rows = list(buffer.rows)  # what the former writer could not write in time stays its own
        buffer.clear()
        self._former = collector.guard, collector.switches, collector._load, collector.open_runs.given_up
        self._buffer = {name: getattr(buffer, name) for name in _OF_BUFFER}
        collector.guard = Guard()
        collector.open_runs.given_up = 0
        collector._load = load
        collector.writer = Writer(collector, load)
        buffer.overflowed = buffer.too_short = 0
        buffer.shut = False
        buffer.limit = 0  # the next call starts the new writer

    def end(self) -> None:
        """Write what is buffered, then put back what was there before, whatever has become of the collector since."""
        collector, buffer = self._collector, self._collector.buffer
        collector.writer.hand_over()
        buffer.clear()  # what the borrower could not write is not the former writer's
        collector.guard, switches, collector._load, collector.open_runs.given_up = self._former
        for name, value in self._buffer.items():
            setattr(buffer, name, value)
        buffer.rows.extendleft(reversed(self._rows))
        collector.writer = self._writer
        self._writer.resume()
        buffer.limit = 0
        if collector.switches is not switches:
            collector.switch(switches)


def _put_to_rest(writer: Writer) -> None:
    """Let the writer write what is buffered and end its thread, which starts again with the first call after a loan."""
    if writer.ledger.pending():
        writer.flush(LONGEST_REST)
    wait = writer.pause()
    if wait is not None:
        wait(LONGEST_REST)
