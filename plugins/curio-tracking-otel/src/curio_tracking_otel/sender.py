"""Sender: the one thread that talks to the collector, so that a slow or dead one never holds up writing.

It begins with the first batch, ends before a fork (Python warns of forking beside threads, and a child would inherit
half-done work) and at the end of the process, within a second whatever the collector does.
"""

from __future__ import annotations

import logging
from os.path import exists
from sys import version_info
from threading import Event, Lock, Thread, get_ident
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from curio_tracking_otel import forking
from curio_tracking_otel.native_threads import NativeThreads
from curio_tracking_otel.silence import silenced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from curio_tracking_otel.feeds import Feed

_log: Final = logging.getLogger("curio_tracking")
CLOSE_SECONDS: Final = 0.8
"""For the last batches; an exporter may take a second to close."""
FORK_SECONDS: Final = 0.1
"""How long a fork waits for a batch that is on its way; it comes again then."""
ABORT_SECONDS: Final = 0.1
"""How long a transport may take to notice that it was closed."""
LINGERS: Final = version_info < (3, 13)


class Sender:
    """Sends what the feeds hold when it is due.

    Attributes:
        is_closed: whether nothing is sent any more.
    """

    def __init__(self, feeds: Sequence[Feed]) -> None:
        """Args: the feeds, in the order in which the last batches are sent. Starts nothing yet."""
        self._feeds = feeds
        self._thread: Thread | None = None
        self._gate = Lock()
        self._wake = Event()
        self._is_held = False
        self.is_closed = False
        self._is_stopping = False
        self._has_faults = False
        self._deadline: float | None = None
        self._native_threads = NativeThreads()
        forking.watch(self)

    def nudge(self) -> None:
        """Make sure that the thread runs, and wake it if something is urgent; called after each batch."""
        if self._is_held or self.is_closed:
            return
        if not self._is_alive():
            self._start(self._run)
        elif any(feed.is_urgent for feed in self._feeds):
            self._wake.set()

    def pause(self) -> None:
        """End the thread for a fork; what waits goes on waiting."""
        self._is_held = True
        self._stop(FORK_SECONDS)
        self._close_outlets()

    def resume(self) -> None:
        """Allow the thread again; it starts with the next batch."""
        self._is_held = self._is_stopping = False

    def disown(self) -> None:
        """Count as closed from now on, in a forked child: what waits here is the parent's to send."""
        self.is_closed = True

    def close(self) -> None:
        """Send what waits, within `CLOSE_SECONDS`, and end the thread. A second call does nothing."""
        if self.is_closed:
            return
        self.is_closed = True
        self._deadline = monotonic() + CLOSE_SECONDS
        is_started = self._is_alive()
        if not is_started and any(feed.has_work for feed in self._feeds):
            is_started = self._start(self._end)
            if not is_started:
                # an interpreter that shuts down gives no new threads: it is done here, under the same limits
                self._guarded(self._end)
        if is_started:
            self._stop(CLOSE_SECONDS)

    # -- the thread -------------------------------------------------------------------------------------------------

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            # the traceback of a thread would go to the application's stderr; the next batch starts another thread
            if not self._has_faults:
                _log.warning('exporter "otel" has a fault, please report it: %s: %s', type(error).__name__, error)
            self._has_faults = True

    def _run(self) -> None:
        with silenced():
            while not self._is_stopping:
                for feed in self._feeds:
                    if not self._is_stopping and (feed.due_at <= monotonic() or feed.is_urgent):
                        feed.send()
                self._wake.wait(max(0.0, min(feed.due_at for feed in self._feeds) - monotonic()))
                self._wake.clear()
        self._end()

    def _end(self) -> None:
        deadline = self._deadline
        if deadline is not None:
            with silenced():
                for left, feed in zip(range(len(self._feeds), 0, -1), self._feeds, strict=True):
                    # each feed its share of what is left, or the first would use up the time of the others
                    feed.finish(monotonic() + max(0.0, deadline - monotonic()) / left)
        self._close_outlets()

    def _close_outlets(self) -> None:
        for feed in self._feeds:
            feed.outlet.close()
        self._native_threads.wait()

    # -- starting and stopping it -----------------------------------------------------------------------------------

    def _is_alive(self) -> bool:
        thread = self._thread
        return thread is not None and thread.is_alive()

    def _start(self, work: Callable[[], None]) -> bool:
        with self._gate:
            if self._is_held:
                return False
            self._native_threads.expect()
            thread = Thread(target=self._guarded, args=(work,), name="curio-tracking-otel", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False
            self._thread = thread
            return True

    def _stop(self, seconds: float) -> None:
        with self._gate:
            thread = self._thread
            self._is_stopping = True
        self._wake.set()
        if thread is None or thread.ident == get_ident():
            return
        thread.join(seconds)
        if thread.is_alive():
            for feed in self._feeds:
                feed.outlet.break_off()
            thread.join(ABORT_SECONDS)
        # before Python 3.13 `join` returns a moment before the kernel's thread is gone
        last_look = monotonic() + ABORT_SECONDS
        while LINGERS and not thread.is_alive() and monotonic() < last_look and _is_in_kernel(thread):
            sleep(0.000_1)


def _is_in_kernel(thread: Thread) -> bool:
    return exists(f"/proc/self/task/{thread.native_id}")  # noqa: PTH110 - a question, asked in a loop
