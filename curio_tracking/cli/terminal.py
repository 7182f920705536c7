"""Terminal: the table that Rich draws, as wide as the terminal or as wide as it needs elsewhere.

Loaded by `output` when a table is asked for. Names are never cut: long ones are folded, and on a narrow terminal the
columns of least use give way. Cells are `Text`, so markup in stored names is not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from curio_tracking.cli.escapes import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from curio_tracking.cli.columns import Column

UNBOUNDED: Final = 100_000
"""Columns for a table that goes to a file or pipe: nothing is folded there."""
FOLDED_WIDTH: Final = 28
"""What a long column may ask for before others give way."""
NOTHING: Final[tuple[object, ...]] = (None, "", [])
"""A column of nothing else is left out."""
PADDING: Final = 3
"""What Rich leaves between two columns."""


def write_table(
    stream: TextIO, rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], *, has_color: bool
) -> None:
    """Draw the rows; nothing at all when there are none."""
    is_terminal = stream.isatty()
    console = _Console(
        file=stream,
        width=None if is_terminal else UNBOUNDED,
        force_terminal=is_terminal and has_color,
        color_system="auto" if has_color else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    listed = list(rows)
    if listed:
        console.print(_table(listed, _fitting(listed, columns, console.width)))


class _Console(Console):
    """Rich's console ends the program with code 1 when the pipe is closed; a closed pipe is no error here."""

    def on_broken_pipe(self) -> None:
        """Let the exception go on to the command, which knows what to do."""
        raise


def _fitting(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that say something and that the width has room for; rank 0 stays, whatever it takes."""
    left = [column for column in columns if not column.rank or any(row.get(column.key) not in NOTHING for row in rows)]
    widths = {column.key: _natural_width(rows, column) + PADDING for column in columns}
    for rank in sorted({column.rank for column in columns} - {0}, reverse=True):
        if sum(widths[column.key] for column in left) <= width:
            break
        left = [column for column in left if column.rank < rank]
    return left


def _natural_width(rows: Sequence[Mapping[str, Any]], column: Column) -> int:
    widest = max(cell_len(column.heading), *(cell_len(_cell(row, column)) for row in rows))
    return min(widest, max(FOLDED_WIDTH, cell_len(column.heading))) if column.is_long else widest


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            Text(column.heading),
            justify="right" if column.is_number else "left",
            overflow="fold",
            no_wrap=not column.is_long,
        )
    for row in rows:
        table.add_row(*(Text(_cell(row, column), style=_style(row, column)) for column in columns))
    return table


def _cell(row: Mapping[str, Any], column: Column) -> str:
    return visible(column.show(row.get(column.key)))


def _style(row: Mapping[str, Any], column: Column) -> str:
    return column.style(row.get(column.key)) if column.style else ""
