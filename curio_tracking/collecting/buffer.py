"""Buffer: where the host's threads leave their rows for the writer; bounded, counted, never waiting.

`limit` is the number of rows at which the next call takes the slow path `make_room`: 0 before the writer runs, the
flush interval while it sleeps, the next weighing (see `scale`) or the queue size while it works. So the hot path tests
one number for four things. When the queue is full, in rows or in bytes, calls are folded: their details are shed, their
totals stay exact.
"""

from __future__ import annotations

from _queue import SimpleQueue
from _thread import allocate_lock
from collections import deque

from curio_tracking.collecting.scale import Scale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from curio_tracking.collecting.site import Site
    from curio_tracking.vocabulary import FeatureStatus

DEFAULT_FLUSH_INTERVAL: Final = 100
DEFAULT_QUEUE_SIZE: Final = 10_000
DEFAULT_QUEUE_BYTES: Final = 33_554_432
ROWS_BETWEEN_WEIGHINGS: Final = 256
HEAVY_BYTES: Final = 16_384
"""What a row weighs that is reason enough to weigh the buffer at once."""
MAX_FOLDS: Final = 10_000


class Fold:
    """Calls of one feature, category and status whose details were shed.

    Attributes:
        site, status: whose they were. calls: how many. first: clock reading of the earliest start.
        seconds: sum of their durations.
    """

    __slots__ = ("calls", "first", "seconds", "site", "status")

    def __init__(self, site: Site, status: FeatureStatus, first: float) -> None:
        self.site = site
        self.status = status
        self.calls = 0
        self.first = first
        self.seconds = 0.0


class Buffer:
    """The rows of one tracker in one process.

    Attributes:
        rows: finished calls, oldest first; `deque.append` and `popleft` are atomic, no lock is needed.
        limit: see the module.
        queue_size, queue_bytes: beyond them calls are folded.
        scale: what the rows weigh.
        wake: anything put in wakes the writer. A SimpleQueue, because `put` may be interrupted by itself (a signal
            handler or finaliser that calls a tracked function), which a Condition would answer with a deadlock.
        overflowed: calls that could not even be folded.
    """

    __slots__ = (
        "_fold_lock",
        "_folding",
        "_folds",
        "_start_writer",
        "flush_interval",
        "limit",
        "min_duration",
        "overflowed",
        "queue_bytes",
        "queue_size",
        "rows",
        "scale",
        "shut",
        "too_short",
        "wake",
    )

    def __init__(self, start_writer: Callable[[], None]) -> None:
        """Args: what starts the writer thread; called from the host's thread at the first call, must not block."""
        self._start_writer = start_writer
        self.rows: deque[Any] = deque()
        self.flush_interval = DEFAULT_FLUSH_INTERVAL
        self.queue_size = DEFAULT_QUEUE_SIZE
        self.queue_bytes = DEFAULT_QUEUE_BYTES
        self.min_duration = 0.0
        self.renew()

    def renew(self) -> None:
        """Begin anew, as in a forked child: nothing pending, no writer, fresh locks."""
        self.rows.clear()  # in place: the wrappers hold this very deque
        self.scale = Scale(self.rows)
        self.limit = 0
        self.shut = False
        self.wake: SimpleQueue[None] = SimpleQueue()
        self._fold_lock = allocate_lock()
        self._folding: deque[tuple[Site, FeatureStatus, float, float]] = deque()
        self._folds: dict[tuple[str, str, str], Fold] = {}
        self.overflowed = 0
        self.too_short = 0

    def make_room(self, site: Site, status: FeatureStatus, start: float, end: float) -> bool:
        """Start or wake the writer; return whether the row may be pushed (False: the call was folded or dropped)."""
        if self.shut:
            self.overflowed += 1
            return False
        is_folded = False
        try:
            if self.limit == 0:
                self._start()
                if len(self.rows) < self.queue_size:
                    return True
            elif len(self.rows) < self.queue_size and self.scale.weigh() < self.queue_bytes:
                if self.limit <= self.flush_interval:
                    self.wake.put(None)
                self.stay_awake()  # from here on no further call needs to wake it
                return True
            # Never waits: the item is queued (atomic), and whoever has the lock, now or next, adds it up. That holds
            # for other threads and for a signal handler that interrupts this very function.
            self._folding.append((site, status, start, end))
            is_folded = True
            self._add_up_unless_busy()
        except RecursionError:
            # so deep in the host's recursion that nothing more can be called: the next call adds up
            if not is_folded:
                self.overflowed += 1
        return False

    def _start(self) -> None:
        self.sleep()
        try:
            self._start_writer()
        except Exception:
            self.limit = 0  # too deep in a recursion, or too late in a shutdown: the next call tries again

    def add(self, row: Any, site: Site, status: FeatureStatus, start: float, end: float, weight: int = 0) -> None:
        """Push a row from outside the hot path.

        Args:
            weight: bytes of what the host put into it.
        """
        if len(self.rows) < self.limit or self.make_room(site, status, start, end):
            self.rows.append(row)
            if weight > HEAVY_BYTES and self.limit:
                self.limit = min(self.limit, len(self.rows))

    def sleep(self) -> None:
        """Let the next `flush_interval` rows wake the writer; called by the writer before it waits."""
        self.limit = 0 if self.shut else min(self.flush_interval, self.queue_size)

    def stay_awake(self) -> None:
        """Spare the host the waking, up to the next weighing; called by the writer while it works."""
        next_weighing = max(len(self.rows), self.flush_interval) + ROWS_BETWEEN_WEIGHINGS
        self.limit = 0 if self.shut else min(self.queue_size, next_weighing)

    def close(self) -> None:
        """Take no further calls; what was taken stays."""
        self.shut = True
        self.limit = 0

    def clear(self) -> None:
        """Forget the rows and the folds."""
        self.rows.clear()
        self.scale.forget()
        self.take_folds()

    def _add_up_unless_busy(self) -> None:
        if self._fold_lock.acquire(False):
            try:
                self._add_up()
            finally:
                self._fold_lock.release()

    def _add_up(self) -> None:
        folding, folds = self._folding, self._folds
        while folding:
            site, status, start, end = folding[0]
            key = (site.feature_name, site.category, status)
            fold = folds.get(key)
            if status == "success" and end - start < self.min_duration:
                self.too_short += 1
            elif fold is None and len(folds) >= MAX_FOLDS:
                self.overflowed += 1
            else:
                if fold is None:
                    fold = folds[key] = Fold(site, status, start)
                fold.calls += 1
                fold.seconds += end - start
                if start < fold.first:
                    fold.first = start
            folding.popleft()  # last: what a recursion too deep has interrupted above is done by the next call

    def take_folds(self) -> list[Fold]:
        """Remove and return what was folded so far."""
        with self._fold_lock:
            self._add_up()
            folds, self._folds = self._folds, {}
        return list(folds.values())

    def folded_calls(self) -> int:
        """Return how many folded calls have not been taken yet."""
        # bounded: a signal handler may ask while the very thread it interrupted is adding up
        if self._fold_lock.acquire(timeout=0.2):
            try:
                self._add_up()
            finally:
                self._fold_lock.release()
        return sum(fold.calls for fold in list(self._folds.values()))
