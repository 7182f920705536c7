"""Which tracked call is running: per thread for plain functions, per context (task) for what can be suspended.

A plain function cannot be suspended, so a cell per thread is enough and costs a third of a ContextVar. Coroutines,
generators and `with track(...)` blocks live in the ContextVar of `context`. Of the two, the call that began later is
the inner one: that is how `assemble` finds a parent.
"""

from __future__ import annotations

import sys
from itertools import count
from threading import get_ident

from curio_tracking.collecting.clock import id_suffix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, TypeAlias

Cell: TypeAlias = "list[Any]"
"""[start of the running plain call or None, start of its outermost call, end of the thread's record ids, thread id]

A list, not an object: reading and writing an item is the cheapest thing there is, and the hot path does five of them.
"""

cells: Final[dict[int, Cell]] = {}
_numbers = count(1)
_MANY: Final = 4096


def new_cell() -> Cell:
    """Return (and keep) the cell of the current thread; called at its first tracked call."""
    ident = get_ident()
    cell = cells[ident] = [None, 0.0, id_suffix(next(_numbers)), ident]
    return cell


def current_cell() -> Cell:
    """Return the cell of the current thread."""
    return cells.get(get_ident()) or new_cell()


def forget_dead_threads() -> None:
    """Drop the cells of threads that are gone, once there are many: memory stays bounded."""
    if len(cells) > _MANY:
        alive = sys._current_frames()
        for ident in [ident for ident in list(cells) if ident not in alive]:
            cells.pop(ident, None)


def renew_after_fork() -> None:
    """Forget every cell: the child has one thread, and the calls under way belong to the parent process."""
    cells.clear()
