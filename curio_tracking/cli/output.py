"""Output: rows and objects on stdout as table, plain text, JSON, JSON lines, CSV or Markdown.

Commands describe what they have (`Layout`), this module writes it; data goes to stdout, everything else to stderr.
Knows no command. Rich is loaded only where a table is drawn (`terminal`).
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import Any, Final, TextIO

from curio_tracking.cli.columns import Column, Layout
from curio_tracking.cli.escapes import visible, visible_json
from curio_tracking.reader import choose
from curio_tracking.storage.tables import safe_text

Row = Mapping[str, Any]
FORMATS: Final = ("table", "json", "jsonl", "csv", "md")
PLAIN: Final = "plain"
"""Tab-separated text, what a pipe gets unless it asks for a format."""
_MARKDOWN: Final = re.compile(r"[\\`*\[\]<>|&~#!]|(?<![^\W_])_|_(?![^\W_])")


def choose_format(given: str | None) -> str:
    """Return the format to write: what was asked for, else a table on a terminal and plain text elsewhere.

    Raises:
        UnknownNameError: there is no such format.
    """
    if given:
        return choose("format", given, FORMATS)
    return "table" if is_terminal(sys.stdout) else PLAIN


def is_for_people(format_name: str) -> bool:
    """Whether remarks beside the data (nothing found, more to see) are welcome."""
    return format_name in ("table", PLAIN, "md")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether the stream is an open terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def wants_color(stream: TextIO | None) -> bool:
    """Whether colours may be used: on a terminal, unless NO_COLOR (no-color.org) is set."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def note(message: str) -> None:
    """Print a remark on stderr, control characters made visible."""
    if sys.stderr is not None:  # closed by the caller; print() would take stdout instead
        try:
            print(visible(message, keep="\n"), file=sys.stderr)  # noqa: T201 - a surface
        except OSError:  # nobody takes it: no reason to leave work undone, or to end with another exit code
            discard(sys.stderr)


def print_rows(rows: Iterable[Row], layout: Layout, format_name: str) -> int:
    """Print rows on stdout, one after the other as they come (tables need all of them), and return how many."""
    remaining = iter(rows)
    first = list(islice(remaining, 1))  # before the heading: a store that cannot be read shall leave no output
    counted = _Counted(chain(first, remaining))
    with _while_read():
        _WRITERS[format_name](sys.stdout or _nowhere(), counted, layout)
    return counted.count or len(first)


def print_object(values: Row, columns: Sequence[Column], format_name: str) -> None:
    """Print one object: `name value` lines for people, one object for JSON, one row for CSV."""
    with _while_read():
        _write_object(sys.stdout or _nowhere(), values, columns, format_name)


def discard(stream: Any) -> None:
    """Let what is buffered for a stream that takes nothing vanish, or Python's last flush ends the program with 120."""
    with suppress(OSError, ValueError, AttributeError):  # it is closed, or no file at all
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def _while_read() -> Iterator[None]:
    """Let a closed pipe end the output only: the command may have more to do, and a verdict to end with."""
    try:
        yield
    except BrokenPipeError:
        discard(sys.stdout)


def _write_object(stream: TextIO, values: Row, columns: Sequence[Column], format_name: str) -> None:
    if format_name == "json":
        stream.write(json_text(values, stream, indent=2) + "\n")
    elif format_name == PLAIN:
        stream.writelines(f"{key}\t{_plain(value)}\n" for key, value in values.items())
    elif is_for_people(format_name):
        shown = [{"name": column.heading, "value": column.show(values.get(column.key))} for column in columns]
        _WRITERS[format_name](stream, shown, _NAME_AND_VALUE)
    else:
        _WRITERS[format_name](stream, [values], Layout(tuple(values), columns))


class _Counted:
    """Rows that are counted while they pass."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def _nowhere() -> TextIO:
    # the caller closed stdout (`>&-`): there is nobody to read, and no reason to fail
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as the process


def _write_table(stream: TextIO, rows: Iterable[Row], layout: Layout) -> None:
    from curio_tracking.cli.terminal import write_table  # Rich costs 75 ms: only where a table is drawn

    write_table(stream, rows, layout.columns, has_color=wants_color(stream))


def _write_plain(stream: TextIO, rows: Iterable[Row], layout: Layout) -> None:
    stream.write("\t".join(column.key for column in layout.columns) + "\n")
    stream.writelines("\t".join(_plain(row.get(column.key)) for column in layout.columns) + "\n" for row in rows)


def _write_json(stream: TextIO, rows: Iterable[Row], _layout: Layout) -> None:
    # written row by row: a store of a million records must not be held in memory
    before, after = "[\n", "[]\n"
    for row in rows:
        stream.write(before + json_text(row, stream))
        before, after = ",\n", "\n]\n"
    stream.write(after)


def _write_jsonl(stream: TextIO, rows: Iterable[Row], _layout: Layout) -> None:
    stream.writelines(json_text(row, stream) + "\n" for row in rows)


def _write_csv(stream: TextIO, rows: Iterable[Row], layout: Layout) -> None:
    writer = csv.writer(stream)
    writer.writerow(layout.keys)
    writer.writerows([_csv_cell(row.get(key)) for key in layout.keys] for row in rows)


def _write_markdown(stream: TextIO, rows: Iterable[Row], layout: Layout) -> None:
    columns = layout.columns
    stream.write(_markdown_row(column.heading for column in columns))
    stream.write("|" + "|".join(" ---: " if column.is_number else " --- " for column in columns) + "|\n")
    stream.writelines(_markdown_row(column.show(row.get(column.key)) for column in columns) for row in rows)


_WRITERS: Final[Mapping[str, Callable[[TextIO, Iterable[Row], Layout], None]]] = {
    "table": _write_table,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "md": _write_markdown,
    PLAIN: _write_plain,
}
_NAME_AND_VALUE: Final = Layout(
    ("name", "value"), (Column("name", "Statistic"), Column("value", "Value", is_long=True))
)


def _plain(value: Any) -> str:
    """Return a value for a tab-separated line: as in JSON, but text and lists bare and nothing for None."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(map(_plain, value))
    return visible(value if isinstance(value, str) else _compact(value))


def _csv_cell(value: Any) -> Any:
    """Return a value for a cell that neither a terminal nor a spreadsheet acts upon; numbers stay numbers."""
    if value is None or isinstance(value, int | float):
        return value
    return safe_text(visible(value if isinstance(value, str) else _compact(value), keep="\n\t"))


def _markdown_row(cells: Iterable[str]) -> str:
    escaped = (_MARKDOWN.sub(lambda found: "\\" + found[0], visible(cell)) for cell in cells)
    return "| " + " | ".join(escaped) + " |\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def json_text(value: Any, stream: TextIO, indent: int | None = None) -> str:
    """Return JSON that any parser reads (null for NaN) and that no terminal acts upon, in what the stream can write."""
    ascii_only = not (stream.encoding or "utf-8").lower().startswith("utf")
    try:
        text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, indent=indent, default=str)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=ascii_only, allow_nan=False, indent=indent, default=str)
    return visible_json(text)


def _finite(value: Any) -> Any:
    """Return the value with null for NaN and infinities, which JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value
