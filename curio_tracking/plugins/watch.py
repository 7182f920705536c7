"""Watch: tells of an import that takes long while it still does, because one that never ends has no afterwards.

Importing happens in the thread that asks (there are locks), so another one has to watch it; it lives as long as the
import, or until it has told. What cannot be watched is an import that keeps the interpreter's lock and lets no other
thread run. Imported by `loading` for the plugins of third parties only.
"""

from __future__ import annotations

import os
from threading import Event, get_ident
from typing import TYPE_CHECKING, Final

from curio_tracking.collecting.threads import BackgroundThread

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

LONGEST_WAIT_SECONDS: Final = 1.0
"""So long is a watch that is just telling waited for: whoever imports may hold what the host's log waits for."""
_watches: Final[set[Watch]] = set()


class Watch:
    """Calls `tell` once, from a thread of its own, if the block takes longer than so many seconds."""

    def __init__(
        self, seconds: float, tell: Callable[[], object], *, longest_wait_seconds: float = LONGEST_WAIT_SECONDS
    ) -> None:
        """Args: when to tell, what to call then (whatever it raises is lost), and how long its end is waited for."""
        self._seconds = seconds
        self._tell = tell
        self._longest_wait_seconds = longest_wait_seconds
        self._is_over = Event()
        self._thread = BackgroundThread(self._wait, "curio-tracking-watch")
        self.watched_thread = get_ident()

    def __enter__(self) -> None:
        try:
            self._thread.start()
        except RuntimeError:
            # no thread can be had: then there is only the afterwards
            return
        _watches.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Make the thread end and wait for that. Ending twice is no error."""
        if self in _watches:
            _watches.discard(self)
            self._is_over.set()
            self._thread.wait(self._longest_wait_seconds)

    def _wait(self) -> None:
        try:
            if not self._is_over.wait(self._seconds):
                self._tell()
        except Exception:  # noqa: S110 - the host's log may raise anything, and Python would print it
            pass


def _before_fork() -> None:
    """End the watch of an import that forks, so that it is as alone in the process as it would be without us.

    Since Python 3.12 forking beside another thread prints a warning. A watch of another thread's import changes nothing
    about that, and stays.
    """
    for watch in tuple(_watches):
        if watch.watched_thread == get_ident():
            watch.end()


if hasattr(os, "register_at_fork"):
    # a child has none of the threads, and must not touch what they held
    os.register_at_fork(before=_before_fork, after_in_child=_watches.clear)
