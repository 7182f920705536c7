"""Progress: a line on stderr that says how far long work is; on a terminal only, so that logs stay clean."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, TypeVar

from curio_tracking.cli.output import is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
STEP: Final = 500
"""Items between two updates: an update costs as much as writing hundreds of records."""


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
    from rich.console import Console  # Rich costs 75 ms: only where a bar is drawn
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    by_position = position if total is not None else None
    amount = TaskProgressColumn() if by_position else MofNCompleteColumn()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), amount, TimeElapsedColumn())
    shown = columns if total is None else (*columns[:2], BarColumn(), *columns[2:])
    with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=total)
        count = 0
        for count, item in enumerate(items, 1):
            yield item
            if count % step == 0:
                progress.update(task, completed=by_position() if by_position else count)
        progress.update(task, completed=count if total is None else total)
