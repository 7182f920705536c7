"""Writer: the one thread that takes rows from the buffer to the backend.

It puts the pipeline together (settings, plugins, backend), so that no tracked call waits for that. Then, forever: wait
for enough rows or for FLUSH_SECONDS; build records, filter them, append them in batches. A batch that the backend
refuses is kept and tried again, later and later; meanwhile the buffer is bounded and folds.
"""

from __future__ import annotations

import os
from _queue import Empty
from collections import Counter
from threading import Event, Lock, Thread, get_ident

from curio_tracking.collecting import lifecycle
from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.running import forget_dead_threads
from curio_tracking.collecting.switches import Switches, exit_timeout
from curio_tracking.errors import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from curio_tracking.collecting.collector import Collector
    from curio_tracking.records import FeatureRecord
    from curio_tracking.runtime import Pipeline

FIRST_RETRY_SECONDS: Final = 0.05
LONGEST_RETRY_SECONDS: Final = 5.0
_MAX_REFUSALS: Final = 5
_MAX_EXPORTER_FAILURES: Final = 5


class Writer:
    """The writing side of one collector.

    Attributes:
        written: records acknowledged by the backend that stand for one call each. folded: calls in acknowledged records
            that stand for many. dropped: calls given up, by reason.
        pipeline: what it works with, once loaded.
    """

    def __init__(self, collector: Collector, load: Callable[[], Pipeline]) -> None:
        self._collector = collector
        self._buffer = collector.buffer
        self._load = load
        self.pipeline: Pipeline | None = None
        self.written = 0
        self.folded = 0
        self.dropped: Counter[str] = Counter()
        self._batch: list[tuple[FeatureRecord, int]] = []
        self._in_hand = 0
        self._state = Lock()
        self._thread: Thread | None = None
        self._starting = Lock()
        self._flushes: list[Event] = []
        self._deadline: float | None = None
        self._declared = 0
        self._refusals = 0
        self._retry_at = 0.0
        self._exporter_failures: Counter[str] = Counter()
        self.on_started: Callable[[Pipeline], None] | None = None
        self.on_stopping: Callable[[Pipeline], None] | None = None

    # -- the host's side --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread, once; called by the first tracked call."""
        if not self._starting.acquire(False):
            return
        thread = Thread(target=self._run, name="curio-tracking-writer", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # no thread can be had (the interpreter is shutting down, or a limit is reached): `stop` writes by itself
            self._buffer.stay_awake()
            return
        self._thread = thread

    @property
    def is_running(self) -> bool:
        """Whether anything was tracked, so that there is something to flush."""
        return self._starting.locked()

    def flush(self, timeout: float) -> bool:
        """Wait until everything recorded before is acknowledged; False if that takes longer than `timeout` seconds."""
        if not self.is_running:
            return True
        if self._thread is None or self._thread.ident == get_ident():
            return False
        if not self._thread.is_alive():
            return bool(self.counts()["pending"] == 0)
        done = Event()
        self._flushes.append(done)
        self._buffer.wake.put(None)
        return done.wait(timeout)

    def stop(self, timeout: float | None = None) -> None:
        """Write what is buffered, within `timeout` seconds (default EXIT_TIMEOUT), and end; later calls are dropped."""
        if not self.is_running:
            return
        if self._deadline is None:
            if timeout is None:
                timeout = self.pipeline.settings.exit_timeout if self.pipeline else exit_timeout()
            self._deadline = clock() + timeout
            if self._thread is None:
                self._run()
        if self._thread is not None and self._thread.ident != get_ident():
            self._buffer.wake.put(None)
            # also where an earlier call waits already: a second SIGTERM must not cut the first one's writing short
            self._thread.join(max(0.0, self._deadline - clock()))

    def counts(self) -> dict[str, Any]:
        """Return written, folded, dropped and pending calls, at one moment."""
        with self._state:
            folds = self._buffer.folded_calls()
            dropped = Counter(self.dropped)
            if self.pipeline is not None:
                dropped.update(self.pipeline.chain.dropped)
            if self._buffer.too_short:
                dropped["min_duration"] += self._buffer.too_short
            if self._buffer.overflowed:
                dropped["overflow"] += self._buffer.overflowed
            if self._collector.open_runs.given_up:
                dropped["never_completed"] += self._collector.open_runs.given_up
            return {
                "written": self.written,
                "folded": self.folded,
                "dropped": dict(dropped),
                "pending": len(self._buffer.rows) + self._in_hand + folds,
            }

    # -- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with lifecycle.importing:
            pipeline = self._collector.guard.call("start-up", self._load)
            if pipeline is None:
                self._give_up()
                return
            pipeline.assembler.writer_thread = get_ident()
            self.pipeline = pipeline
            self._apply_settings(pipeline)
            if self.on_started is not None:
                self._collector.guard.call("startup hook", self.on_started, pipeline)
        while not self._is_over():
            self._cycle(pipeline)
        self._finish(pipeline)

    def _apply_settings(self, pipeline: Pipeline) -> None:
        settings, buffer = pipeline.settings, self._buffer
        self._collector.switch(
            Switches(enabled=settings.enabled, capture_args=settings.capture_args, resources=settings.resources)
        )
        buffer.flush_interval = settings.flush_interval
        buffer.queue_size = max(settings.queue_size, 1)
        buffer.min_duration = settings.min_duration
        if not settings.enabled:
            buffer.rows.clear()  # judged afterwards: these calls came before the settings were known
            buffer.take_folds()

    def _cycle(self, pipeline: Pipeline) -> None:
        """Do what there is to do, then wait for more."""
        self._buffer.stay_awake()
        flushes, self._flushes = self._flushes, []
        self._declare(pipeline)
        if self._drain(pipeline):
            for done in flushes:
                done.set()
        else:
            self._flushes += flushes
        forget_dead_threads()
        if self._deadline is None:
            self._wait(pipeline.settings.flush_seconds)
        elif self._batch:
            self._wait(FIRST_RETRY_SECONDS)

    def _wait(self, seconds: float) -> None:
        buffer = self._buffer
        if self._batch:
            seconds = max(0.0, min(seconds, self._retry_at - clock()))
        else:
            buffer.sleep()
            if len(buffer.rows) >= buffer.limit:
                return
        try:
            buffer.wake.get(timeout=seconds)
            while True:
                buffer.wake.get_nowait()
        except Empty:
            pass

    def _is_over(self) -> bool:
        if self._deadline is None:
            return False
        nothing_left = not (self._buffer.rows or self._batch or self._buffer.folded_calls())
        return nothing_left or clock() >= self._deadline

    def _finish(self, pipeline: Pipeline) -> None:
        buffer, guard = self._buffer, self._collector.guard
        buffer.shut = True
        buffer.limit = 0
        with self._state:
            left = len(buffer.rows) + self._in_hand + buffer.folded_calls()
            if left:
                self.dropped["exit"] += left
            buffer.rows.clear()
            buffer.take_folds()
            self._in_hand = 0
            self._batch = []
        if self.on_stopping is not None:
            guard.call("shutdown hook", self.on_stopping, pipeline)
        for name, exporter in pipeline.exporters.items():
            guard.call(f"exporter {name}", exporter.close)
        guard.call("backend", pipeline.backend.close)
        for done in self._flushes:
            if not left:
                done.set()

    def _give_up(self) -> None:
        """The pipeline cannot be put together at all: nothing can be kept, the host goes on without tracking."""
        self._collector.switch_off()
        with self._state:
            self.dropped["start-up"] += len(self._buffer.rows)
            self._buffer.rows.clear()
            self._buffer.shut = True
            self._buffer.limit = 0

    # -- from rows to the backend -----------------------------------------------------------------------------------

    def _declare(self, pipeline: Pipeline) -> None:
        declared = self._collector.declared
        if len(declared) == self._declared or not pipeline.settings.enabled:
            return
        count = len(declared)
        guard = self._collector.guard
        features = [
            pipeline.assembler.feature(name, category, location, guard)
            for (name, category), location in list(declared.items())[self._declared : count]
        ]
        try:
            pipeline.backend.declare([info for info in features if pipeline.chain.admits(info)])
        except Exception as error:
            guard.report("backend", f"{error}")
            return
        self._declared = count

    def _drain(self, pipeline: Pipeline) -> bool:
        """Write everything that is buffered; False when the backend refuses for now."""
        while True:
            if not self._batch:
                self._batch = self._next_batch(pipeline)
                if not self._batch:
                    return True
            if not self._append(pipeline):
                return False

    def _next_batch(self, pipeline: Pipeline) -> list[tuple[FeatureRecord, int]]:
        """Build and filter until a batch is full or the buffer is empty; folded calls come last."""
        buffer, chain, assembler, guard = self._buffer, pipeline.chain, pipeline.assembler, self._collector.guard
        size = pipeline.settings.max_batch_size
        batch: list[tuple[FeatureRecord, int]] = []
        while len(batch) < size and buffer.rows:
            with self._state:
                rows = [buffer.rows.popleft() for _ in range(min(size - len(batch), len(buffer.rows)))]
                self._in_hand += len(rows)
            kept = 0
            for row in rows:
                record = self._build(assembler.record, row, 1)
                if record is not None and (record := chain.apply(record, 1, guard)) is not None:
                    batch.append((record, 1))
                    kept += 1
            with self._state:
                self._in_hand -= len(rows) - kept
        if not batch:
            for fold in self._take_folds():
                record = self._build(assembler.folded, fold, fold.calls)
                if record is not None and (record := chain.apply(record, fold.calls, guard)) is not None:
                    batch.append((record, fold.calls))
                else:
                    with self._state:
                        self._in_hand -= fold.calls
        return batch

    def _take_folds(self) -> list[Any]:
        with self._state:
            folds = self._buffer.take_folds()
            self._in_hand += sum(fold.calls for fold in folds)
        return folds

    def _build(self, build: Callable[..., FeatureRecord | None], row: Any, calls: int) -> FeatureRecord | None:
        guard = self._collector.guard
        try:
            return build(row, guard)
        except Exception as error:
            guard.report("assemble", f"a call could not be made a record: {type(error).__name__}: {error}")
            self.dropped["assemble_error"] += calls
            return None

    def _append(self, pipeline: Pipeline) -> bool:
        """Append the batch; on a refusal keep it and set the time of the next try."""
        batch = self._batch
        if self._deadline is None and clock() < self._retry_at and not self._flushes:
            return False
        records = [record for record, _calls in batch]
        try:
            pipeline.backend.append(records)
        except Exception as error:
            self._refused(pipeline, error)
            return False
        self._refusals = 0
        self._acknowledge(batch)
        self._export(pipeline, records)
        return True

    def _acknowledge(self, batch: list[tuple[FeatureRecord, int]]) -> None:
        with self._state:
            for _record, calls in batch:
                self._in_hand -= calls
                if calls == 1:
                    self.written += 1
                else:
                    self.folded += calls
            self._batch = []

    def _refused(self, pipeline: Pipeline, error: Exception) -> None:
        self._collector.guard.report("backend", f"cannot store records for now, will try again: {error}")
        self._refusals += 1
        seconds = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(self._refusals, 10))
        # jitter: many processes on one full disk must not come back at the same instant
        self._retry_at = clock() + seconds * (0.5 + os.urandom(1)[0] / 512)
        if self._refusals >= _MAX_REFUSALS and not isinstance(error, (OSError, StorageError)):
            self._append_one_by_one(pipeline)

    def _append_one_by_one(self, pipeline: Pipeline) -> None:
        """Not the disk but some record is at fault: find it, so that it does not hold up all others for good."""
        for record, calls in list(self._batch):
            try:
                pipeline.backend.append([record])
            except (OSError, StorageError):
                return
            except Exception:
                with self._state:
                    self.dropped["rejected"] += calls
                    self._in_hand -= calls
                    self._batch.remove((record, calls))
            else:
                remaining = [item for item in self._batch if item[0] is not record]
                self._acknowledge([(record, calls)])
                self._batch = remaining
        self._refusals = 0

    def _export(self, pipeline: Pipeline, records: list[FeatureRecord]) -> None:
        for name, exporter in pipeline.exporters.items():
            if self._exporter_failures[name] >= _MAX_EXPORTER_FAILURES:
                continue
            try:
                exporter.export(records)
            except Exception as error:
                self._exporter_failures[name] += 1
                self._collector.guard.report(
                    f"exporter {name}", f'exporter "{name}" raised {type(error).__name__}: {error}'
                )
