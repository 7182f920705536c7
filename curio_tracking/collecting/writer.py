"""Writer: the one thread that takes rows from the buffer to the backend.

It puts the pipeline together (settings, plugins, backend), so that no tracked call waits for that. Then, forever: wait
for enough rows or for FLUSH_SECONDS, and let `Delivery` write them. `flush` and `stop` are the host's handles on it.
"""

from __future__ import annotations

from _queue import Empty
from threading import Event, Lock, current_thread, get_ident
from time import sleep

from curio_tracking.collecting.bulletin import Bulletin
from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.delivery import FIRST_RETRY_SECONDS, Delivery
from curio_tracking.collecting.ledger import Ledger
from curio_tracking.collecting.pulse import Pulse
from curio_tracking.collecting.running import forget_dead_threads, new_cell
from curio_tracking.collecting.sleep import look
from curio_tracking.collecting.switches import Switches, exit_timeout
from curio_tracking.collecting.threads import BackgroundThread, breathe, get_woken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from curio_tracking.collecting.collector import Collector
    from curio_tracking.collecting.pipeline import Pipeline

LONGEST_MOMENT: Final = 1.0
"""Seconds to wait for a row that is on its way; it takes microseconds, unless the machine is busy."""


class WriterThread(BackgroundThread):
    """The thread."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(work, "curio-tracking-writer")


class Writer:
    """The writing side of one collector.

    Attributes:
        is_used: whether anything was tracked, so that there is something to flush.
        is_pausing: whether a fork is under way, so that no call may start the thread.
        pipeline: what it works with, once loaded.
        on_started, on_stopping: called on the thread when the pipeline is ready, and after the last batch.
    """

    def __init__(self, collector: Collector, load: Callable[[], Pipeline], before: Writer | None = None) -> None:
        """Args: whose writer this is; what puts the pipeline together; the writer that this one goes on for."""
        self._collector = collector
        self._buffer = collector.buffer
        self.ledger: Ledger = before.ledger if before else Ledger(collector.buffer)
        self.pulse: Pulse = before.pulse if before else Pulse()
        self._bulletin = Bulletin(collector)
        self._load = load
        self._delivery: Delivery | None = None
        self._thread: WriterThread | None = None
        self._starting = Lock()
        self._flushes: list[Event] = []
        self._deadline: float | None = None
        self.is_pausing = False
        self._most_resting = 1
        self._may_calibrate = False
        self._has_failed = False
        self._has_ended = False
        self._is_replaced = False
        self._is_paused = False
        self.is_used = False
        self.pipeline: Pipeline | None = None
        self.on_started: Callable[[Pipeline], None] | None = None
        self.on_stopping: Callable[[Pipeline], None] | None = None

    # -- the host's side --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread, unless it runs; called by the first tracked call, and by the first one after a pause."""
        self.is_used = True
        # not waiting: whoever holds the lock is starting the thread, or is this very function, interrupted by a signal
        if not self._starting.acquire(False):
            return
        try:
            if not self._is_alive():
                self._thread = WriterThread(self._run)
                self._thread.start()
        except RuntimeError:
            # no thread can be had (the interpreter is shutting down, or a limit is reached): `stop` writes by itself
            self._thread = None
            self._buffer.stay_awake()
        finally:
            self._starting.release()

    def _is_alive(self) -> bool:
        # one read: the thread itself sets the attribute to None when it pauses
        thread = self._thread
        return thread is not None and (thread.ident is None or thread.is_alive())

    def flush(self, timeout: float) -> bool:
        """Wait until everything recorded before is acknowledged; False if that takes longer than `timeout` seconds."""
        if not self.is_used:
            return True
        if self._has_failed:
            return False
        if self._deadline is not None:
            return self.ledger.pending() == 0
        if not self._is_alive():
            self.start()
        thread = self._thread
        if thread is None or thread.ident == get_ident():
            return False
        done = Event()
        self._flushes.append(done)
        self._buffer.wake.put(None)
        # the thread may have failed since that was asked above, and have given its last answers
        return done.wait(0.0 if self._has_failed else timeout) and not self._has_failed

    def pause(self) -> Callable[[float], None] | None:
        """Ask the thread to write what is buffered and to end, until the next call starts it again.

        Returns:
            What waits for that, so many seconds at most; None if there is nothing to wait for.
        """
        thread = self._thread
        if thread is None or thread.ident == get_ident():
            return None
        self.is_pausing = True
        self._buffer.wake.put(None)
        return thread.wait

    def resume(self) -> None:
        """Let the thread run again; it starts with the next call, because a fork counts threads after this, too."""
        self.is_pausing = False
        if self._thread is None:
            self._buffer.limit = 0

    def ask_to_stop(self, timeout: float | None = None) -> None:
        """Let the thread do what `stop` waits for; several trackers that end together then end at the same time."""
        if self.is_used and self._deadline is None:
            self._deadline = clock() + (self._patience() if timeout is None else timeout)
            if not self._is_replaced:
                self._buffer.close()  # threads that go on calling must not draw out the end
            self._buffer.wake.put(None)

    def stop(self, timeout: float | None = None) -> None:
        """Write what is buffered, within `timeout` seconds (default EXIT_TIMEOUT), and end; later calls are dropped."""
        if not self.is_used:
            return
        self.ask_to_stop(timeout)
        thread = self._thread
        if not self._is_alive() and not self._has_ended:
            self._thread, self._has_ended = None, True
            self._run()
        elif thread is not None and thread.ident != get_ident() and self._deadline is not None:
            # also where an earlier call waits already: a second SIGTERM must not cut the first one's writing short
            thread.wait(max(0.0, self._deadline - clock()))
            self._tell_what_start_up_cost()

    def _tell_what_start_up_cost(self) -> None:
        """Log how many calls are lost because the writer was still loading when its time was over.

        Later on its health file tells; here there is none yet.
        """
        lost = self.ledger.pending()
        if lost and self.pipeline is None and not self._is_replaced:
            self._collector.guard.report(
                "start-up",
                f"{lost:,} calls were lost at the end: settings and plugins could not be loaded within "
                f"{self._patience():g} s; a larger FEATURE_TRACKING_EXIT_TIMEOUT gives them more time",
            )

    def _patience(self) -> float:
        # a tracker with settings of its own has read them already, though its thread may not have begun
        known = self._collector.switches.exit_timeout
        return exit_timeout() if known is None else known

    def hand_over(self) -> None:
        """Write what is buffered and end; what could not be written in time is left to the next writer."""
        self.flush(self._patience())
        self._is_replaced = True
        self.stop()

    @property
    def state(self) -> str:
        """What the writer does, in the words of `health.STATES`."""
        if self._has_failed:
            return "failed"
        # shut without a deadline of this writer's: one before it has ended, and nothing comes in any more
        if self._has_ended or (self._buffer.shut and self._deadline is None):
            return "ended"
        if not self._collector.switches.enabled:
            return "off"
        if not self.is_used:
            return "unused"
        if self.pipeline is None:
            return "starting"
        if self._is_stuck():
            return "retrying"
        return "paused" if self._is_paused else "running"

    # -- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._work()
        # BaseException: what a backend or a hook may raise (SystemExit, a panic of a compiled module) ends tracking,
        # not the program, and nobody shall wait for an answer
        except BaseException as error:
            self._collector.guard.report("writer", f"the writer has ended: {type(error).__name__}")
            self._fail()
            raise

    def _work(self) -> None:
        self.pulse.thread_begins()
        delivery = self._delivery = self._delivery or self._prepare()
        if delivery is None or self.pipeline is None:
            return
        # rows of this thread are the tracker's own; without a thread, `stop` runs this on one of the host's. A new
        # cell: the one under this thread's id may be that of a dead thread whose rows still wait
        thread = current_thread()
        # a greenlet's ident is not the one that calls are told apart by where gevent came after our import
        is_own_thread = isinstance(thread, WriterThread) and thread.ident == get_ident()
        self._may_calibrate = is_own_thread
        self.pipeline.assembler.writer_cell = new_cell() if is_own_thread else None
        if self._is_paused:
            self._is_paused = False
            if self._deadline is None:
                self._announce(self.pipeline)
        while not self._is_over():
            self._cycle(self.pipeline, delivery)
            if self.is_pausing and self._deadline is None:
                # for others to know: from here on there is nobody to tell that the process lives
                self._is_paused = not self.ledger.pending()
                self._publish(self.pipeline)
                self._thread = None
                self._buffer.limit = 0
                return
        self._finish(self.pipeline, delivery)

    def _prepare(self) -> Delivery | None:
        guard = self._collector.guard
        pipeline = guard.plugin("start-up", self._load)
        if pipeline is None:
            self._fail()
            return None
        self._announce(pipeline)
        self.pipeline = pipeline
        self._apply_settings(pipeline)
        if self.on_started is not None:
            guard.plugin("startup hook", self.on_started, pipeline)
        return Delivery(pipeline, self.ledger, self.pulse, guard)

    def _announce(self, pipeline: Pipeline) -> None:
        """Tell of the call for which the thread was started before a hook, a filter or the backend may hang.

        Or nobody would ever hear of it: a writer that has not begun, or that is paused, is taken to hold nothing.
        """
        if pipeline.health_file is None or not pipeline.settings.enabled:
            return
        last_look = clock() + LONGEST_MOMENT
        # a call leaves its row a moment after it has started the thread; a flush leaves none
        while not (self.ledger.pending() or self._is_urgent()) and clock() < last_look:
            sleep(0.000_1)
        self._publish(pipeline)

    def _fail(self) -> None:
        self._has_failed = self._has_ended = True
        self._end("writer")
        self._collector.switch_off()
        self._say_last_word()
        self._answer(self._flushes)

    def _finish(self, pipeline: Pipeline, delivery: Delivery) -> None:
        self._has_ended = True
        left = self._end("exit")
        if self.on_stopping is not None:
            self._collector.guard.plugin("shutdown hook", self.on_stopping, pipeline)
        delivery.close()
        self.pulse.note_cpu()
        self._say_last_word()
        if not left:
            self._answer(self._flushes)

    def _publish(self, pipeline: Pipeline) -> None:
        if pipeline.health_file is not None:
            self._bulletin.publish(pipeline.health_file, self.state)

    def _say_last_word(self) -> None:
        file = self.pipeline.health_file if self.pipeline is not None else None
        if file is not None:
            self._bulletin.close(file, is_replaced=self._is_replaced)

    def _apply_settings(self, pipeline: Pipeline) -> None:
        settings, buffer = pipeline.settings, self._buffer
        self._collector.switch(Switches.of(settings))
        buffer.flush_interval = settings.flush_interval
        buffer.queue_size = settings.queue_size
        buffer.queue_bytes = settings.queue_bytes
        self._most_resting = max(1, min(settings.flush_interval, settings.queue_size // 2))
        buffer.min_duration = settings.min_duration
        if not settings.enabled:
            buffer.clear()  # judged afterwards: these calls came before the settings were known

    def _cycle(self, pipeline: Pipeline, delivery: Delivery) -> None:
        """Do what there is to do, then wait for more."""
        breathe()
        self._buffer.stay_awake()
        look()
        flushes, self._flushes = self._flushes, []
        delivery.declare(self._collector.declared)
        if delivery.drain(impatient=bool(flushes) or self._deadline is not None):
            self._answer(flushes)
        else:
            self._flushes += flushes
        forget_dead_threads()
        self.pulse.note_cpu()
        self._publish(pipeline)
        if self.is_pausing:
            self._wait(0.0)
        elif self._deadline is not None:
            self._wait(FIRST_RETRY_SECONDS if delivery.is_stuck else 0.0)
        elif delivery.is_stuck:
            self._wait(delivery.seconds_to_retry)
        else:
            if not self._is_urgent():
                self._calibrate()
                delivery.rest(self._is_urgent)
            self._buffer.sleep()
            is_behind = len(self._buffer.rows) >= self._buffer.limit
            self._wait(0.0 if is_behind else pipeline.settings.flush_seconds)

    def _calibrate(self) -> None:
        """Measure once what a tracked call costs; not on a thread of the host, which would wait for it."""
        switches = self._collector.switches
        if self._may_calibrate and switches.enabled and self.pulse.overhead_ns is None:
            self._may_calibrate = False
            from curio_tracking.collecting.calibration import overhead_ns  # late: needs what imports this module

            self.pulse.overhead_ns = self._collector.guard.call("calibration", overhead_ns, switches)

    def _is_urgent(self) -> bool:
        """Whether there is more to do than wait: somebody waits for the thread, or rows do."""
        breathe()
        rows = len(self._buffer.rows)
        return bool(self._flushes) or self.is_pausing or self._deadline is not None or rows >= self._most_resting

    def _wait(self, seconds: float) -> None:
        wake = self._buffer.wake
        try:
            if seconds:
                get_woken(wake, seconds)
            while True:
                wake.get_nowait()
        except Empty:
            pass

    def _answer(self, flushes: list[Event]) -> None:
        for done in flushes:
            done.set()

    def _is_over(self) -> bool:
        if self._deadline is None:
            return False
        is_done = not self._is_stuck() if self._is_replaced else not self.ledger.pending()
        return is_done or clock() >= self._deadline

    def _is_stuck(self) -> bool:
        return self._delivery is not None and self._delivery.is_stuck

    def _end(self, reason: str) -> int:
        """Take no further calls and give up what is left; return how many calls that were."""
        if self._is_replaced:
            # buffer and ledger are the next writer's: give up no more than the batch in hand
            left = self._delivery.held_calls if self._delivery is not None else 0
            if left:
                self.ledger.put_down(left, {reason: left})
            return left
        self._buffer.close()
        return self.ledger.give_up(reason)
