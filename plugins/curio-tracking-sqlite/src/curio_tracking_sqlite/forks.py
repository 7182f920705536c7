"""Forks: no connection is open while this process forks, so that a child may open one of its own.

SQLite notes in tables of the process what it has locked. A child inherits the tables but not the locks, and even a new
connection of the child believes them: when the parent then closes its own, it removes the write-ahead log under the
child's hands, and what the child had committed is gone. So connections are closed before a fork, and one that is in use
at that moment bars the child from the file.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakSet

from curio_tracking.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_FORK_DELAY: Final = 0.5
"""Seconds a fork waits for a question or batch that is under way: a dead disk must not hold up the host."""


class Forkable(Protocol):
    """What must know of forks."""

    def close_before_fork(self, patience_seconds: float) -> None:
        """Close what is open, unless it stays in use for longer than that."""

    def renew_after_fork(self) -> Path | None:
        """Begin anew in a child; return the file that was open after all."""


class _State:
    """Of this process."""

    def __init__(self) -> None:
        self.members: WeakSet[Forkable] = WeakSet()
        self.is_forking = False
        self.process_id = os.getpid()
        self.barred: set[Path] = set()


_state: Final = _State()


def enroll(member: Forkable) -> None:
    """Tell a member of forks from now on."""
    _state.members.add(member)


def is_forking() -> bool:
    """Whether a fork is about to happen: whoever opens a connection closes it again at once."""
    return _state.is_forking


def check_process() -> None:
    """See whether a library has forked this process without telling Python."""
    if _state.process_id != os.getpid():
        _renew_in_child()


def check(path: Path) -> None:
    """Check that this process may open a file.

    Raises:
        StorageError: the file was in use when this process was forked.
    """
    check_process()
    if path in _state.barred:
        raise StorageError(
            f"cannot use {path} in this process: it was forked in the middle of a write to it, and could damage it; "
            f"start the process anew, or fork before anything is tracked"
        )


def _close_before_fork() -> None:
    # what is written from here to the fork (a writer may be told to finish) opens and closes a connection each time
    _state.is_forking = True
    deadline = time.monotonic() + LONGEST_FORK_DELAY
    for member in list(_state.members):
        member.close_before_fork(max(0.0, deadline - time.monotonic()))


def _go_on_in_parent() -> None:
    _state.is_forking = False


def _renew_in_child() -> None:
    _state.process_id = os.getpid()
    _state.is_forking = False
    for member in list(_state.members):
        if (path := member.renew_after_fork()) is not None:
            _state.barred.add(path)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_before_fork, after_in_parent=_go_on_in_parent, after_in_child=_renew_in_child)
