"""Delivery: from rows to acknowledged records. Runs on the writer thread, knows nothing of threads.

Builds records, filters them and appends them in batches. A batch that the backend refuses is kept and comes again,
later and later; the buffer is bounded meanwhile and folds.
"""

from __future__ import annotations

import os
from collections import Counter

from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.guard import MAX_FAILURES, is_interrupt, one_line
from curio_tracking.collecting.names import FeatureNames
from curio_tracking.collecting.threads import breathe
from curio_tracking.errors import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from curio_tracking.collecting.guard import Guard
    from curio_tracking.collecting.ledger import Ledger
    from curio_tracking.collecting.pipeline import Pipeline
    from curio_tracking.collecting.pulse import Pulse
    from curio_tracking.records import FeatureRecord

FIRST_RETRY_SECONDS: Final = 0.05
LONGEST_RETRY_SECONDS: Final = 5.0
_MAX_REFUSALS: Final = 5


class Delivery:
    """Takes what the ledger hands out to the backend and the exporters of one pipeline."""

    def __init__(self, pipeline: Pipeline, ledger: Ledger, pulse: Pulse, guard: Guard) -> None:
        self._pipeline = pipeline
        self._ledger = ledger
        self._pulse = pulse
        self._guard = guard
        self._records: list[FeatureRecord] = []  # the batch in hand, and how many calls each of it stands for
        self._calls: list[int] = []
        self._names = FeatureNames()
        self._declared = 0
        self._refusals = 0
        self._retry_at = 0.0
        self._exporter_failures: Counter[str] = Counter()
        # see `interfaces.SelfMaintaining`; looked up by name, as checking a protocol would take in all of its methods
        self._rest: Callable[[Callable[[], bool]], None] | None = getattr(pipeline.backend, "rest", None)

    @property
    def is_stuck(self) -> bool:
        """Whether a batch waits because the backend refused it."""
        return bool(self._records)

    @property
    def held_calls(self) -> int:
        """How many calls the batch in hand stands for."""
        return sum(self._calls)

    @property
    def seconds_to_retry(self) -> float:
        """How long a refused batch still waits."""
        return max(0.0, self._retry_at - clock())

    def declare(self, declared: dict[tuple[str, str], str | None]) -> None:
        """Tell the backend of features that were decorated since the last time, called or not."""
        pipeline, count = self._pipeline, len(declared)
        if count == self._declared or not pipeline.settings.enabled:
            return
        features = [
            pipeline.assembler.feature(name, category, location, self._guard)
            for (name, category), location in list(declared.items())[self._declared : count]
        ]
        try:
            pipeline.backend.declare([info for info in features if pipeline.chain.admits(info)])
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._guard.report("backend", f"cannot declare features for now, will try again: {_text_of(error)}")
            return
        self._declared = count

    def drain(self, *, impatient: bool) -> bool:
        """Write everything that is buffered now; False when the backend refuses for now.

        What comes meanwhile waits for the next time: under load the end would never come.

        Args:
            impatient: whether to try a refused batch before its time has come.
        """
        left = self._ledger.buffered()
        has_written = False
        self._pulse.flush_begins()
        while True:
            if not self._records:
                left -= self._next_batch(left)
                if not self._records and left <= 0:
                    self._pulse.flush_ends(has_written=has_written)
                    return True
                if not self._records:
                    continue
            elif clock() < self._retry_at and not impatient:
                return False
            if not self._append():
                return False
            has_written = True
            breathe()

    def _next_batch(self, most: int) -> int:
        """Build and filter up to `most` rows until a batch is full; return how many rows went into it."""
        size = self._pipeline.settings.max_batch_size
        records: list[FeatureRecord] = []
        taken = 0
        while len(records) < size and (rows := self._ledger.take_rows(min(size - len(records), most - taken))):
            taken += len(rows)
            records += self._built(self._pipeline.assembler.record, rows, 1)
        self._records, self._calls = records, [1] * len(records)
        if not records:
            for fold in self._ledger.take_folds():
                kept = self._built(self._pipeline.assembler.folded, [fold], fold.calls)
                self._records += kept
                self._calls += [fold.calls] * len(kept)
        # an empty buffer, too, is an end: rows may have been cleared
        return taken or most

    def _built(self, build: Callable[..., FeatureRecord | None], rows: list[Any], calls: int) -> list[FeatureRecord]:
        """Return the records of rows, without those that are nobody's or that a filter drops: these are put down."""
        guard = self._guard
        dropped: Counter[str] = Counter()
        records = []
        for row in rows:
            try:
                record = build(row, guard)
            except BaseException as error:
                if is_interrupt(error):
                    raise
                guard.report("assemble", f"a call could not be made a record: {one_line(error)}")
                dropped["assemble_error"] += calls
                continue
            if record is not None:
                records.append(record)
        kept = self._pipeline.chain.apply(records, calls, dropped, guard)
        self._ledger.put_down((len(rows) - len(kept)) * calls, dropped)
        # a filter may have made a name something that is no text: the backend's to refuse
        guard.plugin("feature_names", self._names.bound, kept, guard)
        return kept

    def _append(self) -> bool:
        """Append the batch; on a refusal keep it and set the time of the next try."""
        records = self._records
        try:
            self._pipeline.backend.append(records)
        # BaseException: a plugin that calls sys.exit() refuses this batch, it does not end the writer
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._refused(error)
            return False
        self._refusals = 0
        self._ledger.acknowledge(self._calls)
        self._records, self._calls = [], []
        self._export(records)
        return True

    def _refused(self, error: BaseException) -> None:
        self._guard.report("backend", f"cannot store records for now, will try again: {_text_of(error)}")
        self._refusals += 1
        seconds = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(self._refusals, 10))
        # jitter: many processes on one full disk must not come back at the same instant
        self._retry_at = clock() + seconds * (0.5 + os.urandom(1)[0] / 512)
        if self._refusals >= _MAX_REFUSALS and not isinstance(error, (OSError, StorageError)):
            self._append_one_by_one()

    def _append_one_by_one(self) -> None:
        """Not the disk but some record is at fault: find it, so that it does not hold up all others for good."""
        while self._records:
            try:
                self._pipeline.backend.append(self._records[:1])
            except (OSError, StorageError):
                return
            except BaseException as error:
                if is_interrupt(error):
                    raise
                self._ledger.put_down(self._calls[0], {"rejected": self._calls[0]})
            else:
                self._ledger.acknowledge(self._calls[:1])
            del self._records[0], self._calls[0]
        self._refusals = 0

    def _export(self, records: list[FeatureRecord]) -> None:
        failures = self._exporter_failures
        for name, exporter in self._pipeline.exporters.items():
            if failures[name] >= MAX_FAILURES:
                continue
            try:
                exporter.export(records)
            except BaseException as error:
                if is_interrupt(error):
                    raise
                failures[name] += 1
                self._guard.report(f"exporter {name}", f'exporter "{name}" raised {one_line(error)}')
                if failures[name] == MAX_FAILURES:
                    self._guard.report(
                        f"exporter {name} off",
                        f'exporter "{name}" has failed {MAX_FAILURES} times '
                        "in a row and gets no more records; mend what it needs and start the program again",
                    )
            else:
                failures[name] = 0

    def rest(self, is_wanted: Callable[[], bool]) -> None:
        """Let the backend use a quiet moment for its upkeep, if it has any.

        Args:
            is_wanted: tells whether the thread is wanted for something more urgent.
        """
        if self._rest is not None:
            self._guard.plugin("upkeep", self._rest, is_wanted)

    def close(self) -> None:
        """Release exporters and backend; what is still in the batch is given up by the ledger."""
        self._records, self._calls = [], []
        for name, exporter in self._pipeline.exporters.items():
            self._guard.plugin(f"exporter {name}", exporter.close)
        self._guard.plugin("backend", self._pipeline.backend.close)


def _text_of(error: BaseException) -> str:
    """Return the message of a failing backend; with its type where it is not one that backends raise on purpose."""
    return f"{error}" if isinstance(error, (OSError, StorageError)) else one_line(error)
