"""Scale: what the rows of a buffer weigh, told without a word on the hot path.

The host's threads weigh rows a stretch at a time, when the buffer has grown by so many (`Buffer.make_room`); each row
of a stretch is taken to weigh the same when the writer takes it. So a writer that keeps up is never weighed for, and
one that hangs need not do anything. Figures are estimates: sizes of objects, shared ones counted once per stretch.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque
from sys import getsizeof

from curio_tracking.collecting.outcome import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

ROW_BYTES: Final = 176
ITEM_BYTES: Final = 16
"""Of a captured parameter: its place in the row, and a number."""
RUN_BYTES: Final = 640
FAILURE_BYTES: Final = 96
_FACTS: Final = 8
"""Items of a row before what was captured of the parameters."""


class Scale:
    """The weight of one buffer's rows.

    Attributes:
        left: how many rows have left the buffer so far; kept by who takes them.
    """

    __slots__ = ("_kept", "_lock", "_rows", "_stretches", "_total", "_weighed", "left")

    def __init__(self, rows: deque[Any]) -> None:
        """Args: the buffer's rows."""
        self._rows = rows
        self._lock = allocate_lock()
        self.left = 0
        self.forget()

    def forget(self) -> None:
        """Begin anew: the rows were cleared or exchanged."""
        self._stretches: deque[tuple[int, int, int]] = deque()  # (rows that had come by its begin, by its end, bytes)
        self._weighed = self.left
        self._total = 0  # of all stretches
        self._kept = 0  # of what is left of them

    def weigh(self) -> int:
        """Weigh what has come since the last time; return about how many bytes the rows keep alive."""
        # never waits: another thread, or this very function interrupted by a signal handler, is weighing already
        if self._lock.acquire(False):
            try:
                self._weigh()
            finally:
                self._lock.release()
        return self._kept

    def _weigh(self) -> None:
        stretches = self._stretches
        come = self.left + len(self._rows)
        new = min(come - max(self._weighed, self.left), len(self._rows))
        if new > 0:
            weight = _weight_of_last(self._rows, new)
            stretches.append((come - new, come, weight))
            self._weighed = come
            self._total += weight
        while stretches and stretches[0][1] <= self.left:
            self._total -= stretches.popleft()[2]
        self._kept = self._total
        if stretches:
            begin, end, weight = stretches[0]
            self._kept -= weight * max(0, self.left - begin) // (end - begin)


def _weight_of_last(rows: deque[Any], count: int) -> int:
    weight = 0
    contexts = set()
    for position in range(-1, -count - 1, -1):
        try:
            row = rows[position]
        except IndexError:  # the writer has taken it meanwhile
            break
        if type(row) is not tuple:
            weight += RUN_BYTES + row.weight
            context, captured, parameters = row.context, row.shape, len(row.site.parameters)
        else:
            weight += ROW_BYTES + ITEM_BYTES * (len(row) - _FACTS)
            context, captured, parameters = row[6], row[_FACTS:], len(row[0].parameters)
            if type(row[7]) is Failure:
                weight += FAILURE_BYTES + getsizeof(row[7].error_message)
        if context is not None and context not in contexts:
            contexts.add(context)
            weight += context.weight
        if captured and len(captured) != 2 * parameters:  # with values
            weight += sum([getsizeof(value) for value in captured[2::3] if type(value) is str])
    return weight
