"""Progress: a line on stderr that says how far long work is; on a terminal only, so that logs stay clean."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from curio_tracking.cli.escapes import visible
from curio_tracking.cli.output import is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
STEP: Final = 500
"""Items between two updates: an update costs as much as writing hundreds of records."""
FEWEST_BYTES: Final = 8 * 1024 * 1024
"""Reading less than this is over before anybody has read the bar."""


def with_progress(
    items: Iterable[Item],
    doing: str,
    *,
    total: int | None = None,
    position: Callable[[], int] | None = None,
    step: int = STEP,
) -> Iterator[Item]:
    """Yield the items and, while they pass, show their number on stderr.

    Args:
        items: what is worked on.
        doing: the activity, for example "exporting".
        total: how many there will be, if known: shows a bar instead of a running number.
        position: how much of `total` is done, where that is not the number of items: for example bytes.
        step: items between two updates.
    """
    if not is_terminal(sys.stderr):
        yield from items
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TimeElapsedColumn,
    )

    by_position = position if total is not None else None
    amount = TaskProgressColumn() if by_position else MofNCompleteColumn()
    columns = (SpinnerColumn(), _description(), amount, TimeElapsedColumn())
    shown = columns if total is None else (*columns[:2], BarColumn(), *columns[2:])
    with Progress(*shown, console=_console(), transient=True) as progress:
        task = progress.add_task(visible(doing), total=total)
        count = 0
        for count, item in enumerate(items, 1):
            yield item
            if count % step == 0:
                progress.update(task, completed=by_position() if by_position else count)
        progress.update(task, completed=count if total is None else total)


@contextmanager
def shown_work() -> Iterator[Callable[[str, int, int], None]]:
    """Give what shows on stderr, on a terminal only, what is being done and how many bytes of how many are done."""
    if not is_terminal(sys.stderr):
        yield lambda _what, _done, _total: None
        return
    with _bytes_bar() as progress:
        task = progress.add_task("looking", total=None)
        yield lambda what, done, total: progress.update(
            task, description=visible(what), completed=done, total=total or None
        )


class ReadingBar:
    """Shows how far reading is, on a terminal only; comes and goes with work that takes a while."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Take note of how many bytes of how many were read."""
        if total < FEWEST_BYTES or not is_terminal(sys.stderr):
            return
        if self._bar is None and done < total:
            self._bar = _bytes_bar()
            self._task = self._bar.add_task("reading records that no rollup counts yet", total=total)
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
            if done >= total:
                self.close()

    def close(self) -> None:
        """Take the bar away if it is there: reading that ends early never gets to its end."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _bytes_bar() -> Any:
    from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), _description(), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Progress(*columns, console=_console(), transient=True)


def _description() -> Any:
    from rich.progress import TextColumn

    return TextColumn("{task.description}", markup=False)  # what is done may be named after a plugin or a file


def _console() -> Any:
    from rich.console import Console  # Rich costs 75 ms: only where a bar is drawn

    console = Console(stderr=True)
    # room for the ^C that a terminal shows: on a full line it would begin another one, and the bar could not be erased
    console.width -= len("^C")
    return console
