"""Feeds: what waits to be sent, one feed per signal, and when it is due.

`add` runs on the writer thread and is quick; everything else on the sending thread.
"""

from __future__ import annotations

from collections import Counter, deque
from itertools import islice
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from curio_tracking_otel.options import LARGEST_BATCH
from curio_tracking_otel.spans import make_span

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
    """Records that wait to be sent as spans; see `Feed`.

    Attributes:
        lost: how many records never became spans that somebody took, by reason.
    """

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
        self.lost: Counter[str] = Counter()
        self._places = places
        self._complaints = complaints
        self._queue_size = queue_size
        self._interval = interval
        self._metadata_keys = metadata_keys
        self._lock = Lock()
        self._waiting: deque[FeatureRecord] = deque()
        self._batch: list[ReadableSpan] = []
        self._attempts = 0
        self.due_at = monotonic() + interval

    def add(self, records: Sequence[FeatureRecord]) -> None:
        """Queue the records; of too many the oldest are given up."""
        with self._lock:
            self._waiting.extend(records)
            while len(self._waiting) > self._queue_size:
                self._waiting.popleft()
                self.lost["queue_full"] += 1

    @property
    def is_urgent(self) -> bool:
        """Whether a batch is full and nothing speaks against sending it."""
        return not self._attempts and len(self._waiting) >= LARGEST_BATCH

    @property
    def has_work(self) -> bool:
        """Whether records wait, or a batch that was not taken."""
        return bool(self._batch or self._waiting)

    def send(self) -> None:
        """Send one batch, and be due again at once if there is another."""
        if self._fill() and self._offer(None) and self._waiting:
            self.due_at = monotonic()
            return
        pause = self._interval
        if self._attempts:
            pause = min(LONGEST_PAUSE, max(pause, 2.0**self._attempts))
        self.due_at = monotonic() + pause

    def finish(self, deadline: float) -> None:
        """See `Feed.finish`."""
        while self._fill() and (left := deadline - monotonic()) > 0 and self._offer(left):
            pass
        self._give_up("exit")
        with self._lock:
            self.lost["exit"] += len(self._waiting)
            self._waiting.clear()

    def _fill(self) -> bool:
        """Make spans of what waits, unless a batch was left over; False if there is nothing to send."""
        if self._batch:
            return True
        with self._lock:
            records = list(islice(self._waiting, LARGEST_BATCH))
            for _ in records:
                self._waiting.popleft()
        for record in records:
            try:
                self._batch.append(make_span(record, self._places, self._metadata_keys))
            except Exception as error:
                self.lost["no_span"] += 1
                self._complaints.failed("spans", f"a record cannot be made a span: {type(error).__name__}", 1)
        return bool(self._batch)

    def _offer(self, seconds: float | None) -> bool:
        reason = self.outlet.send(self._batch, seconds)
        if reason is None:
            self._batch, self._attempts = [], 0
            self._complaints.succeeded("spans")
            return True
        self._attempts += 1
        if self._attempts >= MOST_ATTEMPTS:
            self._give_up("not_taken")
        self._complaints.failed("spans", reason, self.lost.total())
        return False

    def _give_up(self, reason: str) -> None:
        """Let go of the batch; one that a collector cannot take must not hold up those behind it."""
        self.lost[reason] += len(self._batch)
        self._batch = []


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
        self._offer(None)
        self.due_at = monotonic() + self._interval

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
            self._complaints.succeeded("metrics")
            return
        self._has_news = True
        self._tallies.give_back()
        self._complaints.failed("metrics", reason, 0)
