"""Feeds: what waits to be sent, one feed per signal, and when it is due.

`add` runs on the writer thread and is quick; everything else on the sending thread.
"""

from __future__ import annotations

from collections import deque
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from curio_tracking_otel.spans import largest_batch, make_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from curio_tracking.records import FeatureRecord
    from curio_tracking_otel.complaints import Complaints
    from curio_tracking_otel.outlet import Outlet
    from curio_tracking_otel.places import Places
    from curio_tracking_otel.tallies import Tallies

MOST_ATTEMPTS: Final = 3
"""How often a batch of spans is offered; each attempt may hold several, as the official exporters repeat themselves."""
LONGEST_PAUSE: Final = 30.0


class Feed(Protocol):
    """One signal, on its way out.

    Attributes:
        outlet: where to.
        due_at: when to send next, by `time.monotonic`.
    """

    outlet: Outlet
    due_at: float

    def add(self, records: Sequence[FeatureRecord]) -> None:
        """Take records that were written."""

    @property
    def is_urgent(self) -> bool:
        """Whether there is reason to send before it is due."""

    @property
    def has_work(self) -> bool:
        """Whether anything waits."""

    def send(self) -> None:
        """Send what waits, and set the next time."""

    def finish(self, deadline: float) -> None:
        """Send what waits for the last time, and give up the rest at the deadline."""


class SpanFeed:
    """Records that wait to be sent as spans; see `Feed`."""

    def __init__(
        self,
        outlet: Outlet,
        places: Places,
        complaints: Complaints,
        *,
        queue_size: int,
        interval: float,
        metadata_keys: tuple[str, ...],
    ) -> None:
        """Args: see the options QUEUE_SIZE, SPAN_INTERVAL and METADATA."""
        self.outlet = outlet
        self._places = places
        self._complaints = complaints
        self._queue_size = queue_size
        self._interval = interval
        self._metadata_keys = metadata_keys
        self._batch_size = largest_batch(len(metadata_keys))
        self._lock = Lock()
        self._waiting: deque[FeatureRecord] = deque()
        self._overflowed = 0
        self._batch: list[ReadableSpan] = []
        self._attempts = 0
        self.due_at = monotonic() + interval

    def add(self, records: Sequence[FeatureRecord]) -> None:
        """Queue the records; of too many the oldest are given up."""
        with self._lock:
            self._waiting.extend(records)
            while len(self._waiting) > self._queue_size:
                self._waiting.popleft()
                self._overflowed += 1

    @property
    def is_urgent(self) -> bool:
        """Whether a batch is full and nothing speaks against sending it."""
        return not self._attempts and len(self._waiting) >= self._batch_size

    @property
    def has_work(self) -> bool:
        """Whether records wait, or a batch that was not taken."""
        return bool(self._batch or self._waiting)

    def send(self) -> None:
        """Send one batch, and be due again at once if there is another."""
        self.due_at = monotonic() + self._interval
        is_taken = self._fill() and self._offer(None)
        self._tell_of_overflow()
        if is_taken and self._waiting:
            self.due_at = monotonic()
        elif self._attempts:
            self.due_at = monotonic() + min(LONGEST_PAUSE, max(self._interval, 2.0**self._attempts))

    def finish(self, deadline: float) -> None:
        """See `Feed.finish`."""
        while self._fill() and (left := deadline - monotonic()) > 0 and self._offer(left):
            pass
        with self._lock:
            given_up = len(self._batch) + len(self._waiting)
            self._batch = []
            self._waiting.clear()
        self._tell_of_overflow()
        if given_up:
            self._lose(given_up, "the program ended before all were sent")

    def _fill(self) -> bool:
        """Make spans of what waits, unless a batch was left over; False if there is nothing to send."""
        if self._batch:
            return True
        with self._lock:
            records = [self._waiting.popleft() for _ in range(min(self._batch_size, len(self._waiting)))]
        for record in records:
            try:
                self._batch.append(make_span(record, self._places, self._metadata_keys))
            except Exception as error:
                self._lose(1, f"a record cannot be made a span: {type(error).__name__}")
        return bool(self._batch)

    def _offer(self, seconds: float | None) -> bool:
        reason = self.outlet.send(self._batch, seconds)
        if reason is None:
            self._batch, self._attempts = [], 0
            self._complaints.succeeded(self.outlet.destination)
            return True
        if self.outlet.is_broken_off:
            # by us, for a fork or the end of the program: nobody's fault
            return False
        self._attempts += 1
        given_up = 0
        if self._attempts >= MOST_ATTEMPTS:
            # what a collector cannot take must not hold up what is behind it
            given_up, self._batch = len(self._batch), []
        self._lose(given_up, reason)
        return False

    def _tell_of_overflow(self) -> None:
        with self._lock:
            overflowed, self._overflowed = self._overflowed, 0
        if overflowed:
            self._lose(overflowed, "calls come faster than they are sent")

    def _lose(self, count: int, reason: str) -> None:
        self._complaints.failed(self.outlet.destination, reason, lost=count)


class MetricFeed:
    """The metrics; see `Feed`. Nothing is lost when they cannot be sent: the next ones hold the same calls."""

    def __init__(self, outlet: Outlet, tallies: Tallies, complaints: Complaints, *, interval: float) -> None:
        """Args: see the option METRICS_INTERVAL."""
        self.outlet = outlet
        self._tallies = tallies
        self._complaints = complaints
        self._interval = interval
        self._has_news = False
        self.due_at = monotonic() + interval

    def add(self, records: Sequence[FeatureRecord]) -> None:
        """Count the records."""
        self._tallies.add(records)
        self._has_news = True

    @property
    def is_urgent(self) -> bool:
        """Metrics can wait."""
        return False

    @property
    def has_work(self) -> bool:
        """Whether anything was counted since they were last sent."""
        return self._has_news

    def send(self) -> None:
        """See `Feed.send`."""
        self.due_at = monotonic() + self._interval
        self._offer(None)

    def finish(self, deadline: float) -> None:
        """See `Feed.finish`."""
        left = deadline - monotonic()
        if self._has_news and left > 0:
            self._offer(left)

    def _offer(self, seconds: float | None) -> None:
        self._has_news = False
        data = self._tallies.take()
        if data is None:
            return
        reason = self.outlet.send(data, seconds)
        if reason is None:
            self._complaints.succeeded(self.outlet.destination)
            return
        self._has_news = True
        self._tallies.give_back()
        if not self.outlet.is_broken_off:
            self._complaints.failed(self.outlet.destination, reason)
