r"""Records as a table that a spreadsheet opens: one format for the csv backend, for export and for import.

RFC 4180: comma, double quotes doubled, CRLF. Columns and values are those of `FeatureRecord.as_dict`; an empty cell
is None, metadata is JSON. A spreadsheet runs a cell that starts with `= + - @`, so text that does (or that starts with
a blank, a quote mark `'` or is empty) gets one `'` in front, which reading takes off again. Text that no spreadsheet or
UTF-8 file can hold is written as `'\` and an escaped form (`storage.escapes`). Imports only `records`.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any, Final, TextIO

from curio_tracking.errors import StorageError
from curio_tracking.records import RECORD_FIELDS, FeatureRecord, iso_time
from curio_tracking.storage.escapes import escape, unescape
from curio_tracking.storage.limits import MAX_FIELD_CHARACTERS, metadata_text, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

COLUMNS: Final[tuple[str, ...]] = tuple("start_time" if name == "start_us" else name for name in RECORD_FIELDS)
"""The header: what `FeatureRecord.as_dict` calls its values, in its order."""
_NUMBERS: Final[dict[str, Callable[[str], Any]]] = {
    "duration": float,
    "input_size": int,
    "output_size": int,
    "efficiency_score": float,
    "iterations": int,
    "thread_id": int,
    "process_id": int,
    "cpu_seconds": float,
    "memory_bytes": int,
    "sample_weight": float,
}
_REQUIRED: Final = frozenset({"record_id", "feature_name", "category", "status", "start_time", "duration"})
_MARK: Final = "'"
_ESCAPED: Final = "'\\"
# the full-width signs count too: some spreadsheets read them like the narrow ones
_STARTERS: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20" + _MARK)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_CONTROL_BUT_BREAKS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def safe_text(text: str, *, one_line: bool = False) -> str:
    """Return the text as a cell that no spreadsheet runs and that `plain_text` turns back exactly.

    Args:
        text: anything.
        one_line: also keep the cell on one physical line.
    """
    if (_CONTROL if one_line else _CONTROL_BUT_BREAKS).search(text):
        return _ESCAPED + escape(text)
    first = text.lstrip()[:1]
    return _MARK + text if first in _STARTERS or not first or text[0].isspace() else text


def plain_text(cell: str) -> str:
    """Return the text of which `safe_text` made the cell."""
    if cell.startswith(_ESCAPED):
        return unescape(cell[len(_ESCAPED) :])
    return cell.removeprefix(_MARK)


class RecordTable:
    """Turns records into rows of cells and back.

    Attributes:
        columns: the header, in the order of the cells.
    """

    def __init__(self, columns: Iterable[str] = COLUMNS, *, one_line: bool = False) -> None:
        """Args: the columns (of a file that is read: its header); whether each row is to be one physical line."""
        self.columns = tuple(columns)
        self._one_line = one_line

    def row(self, record: FeatureRecord) -> list[str]:
        """Return the record's cells in the order of the columns, shortened where readers of CSV would refuse them."""
        cells = [self._cell(name, record) for name in self.columns]
        if max(map(len, cells)) > MAX_FIELD_CHARACTERS:
            short = shorten(record)
            cells = [self._cell(name, short) for name in self.columns]
        return cells

    def _cell(self, name: str, record: FeatureRecord) -> str:
        if name == "start_time":
            return iso_time(record.start_us)
        value = getattr(record, name)
        if value is None:
            return ""
        if name in _NUMBERS:
            # format, not repr: numbers of other libraries print their plain value
            return f"{value:d}" if _NUMBERS[name] is int else f"{value}"
        text = metadata_text(value) if name == "metadata" else str(value)
        return safe_text(text, one_line=self._one_line)

    def record(self, cells: list[str]) -> FeatureRecord:
        """Return the record of a row; columns that no record has are ignored.

        Raises:
            ValueError: the row has another number of cells, or a cell holds an unusable value; the message names it.
        """
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells instead of {len(self.columns)}")
        values = {}
        for name, cell in zip(self.columns, cells, strict=True):
            if name in _KNOWN and (cell or name in _REQUIRED):
                try:
                    values[name] = _value(name, cell)
                except (ValueError, RecursionError):
                    raise ValueError(f'{name} has no usable value: "{cell[:80]}"') from None
        return _record_of(values)


_KNOWN: Final = frozenset(COLUMNS)


def _value(name: str, cell: str) -> Any:
    if name in _NUMBERS:
        return _NUMBERS[name](cell)
    text = plain_text(cell)
    if name != "metadata":
        return text
    metadata = json.loads(text)
    if not isinstance(metadata, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the cell's value is wrong, not a type in the program
    return metadata


def _record_of(values: dict[str, Any]) -> FeatureRecord:
    missing = sorted(_REQUIRED - values.keys())
    if missing:
        raise ValueError(f"there is no column {', '.join(missing)}")
    return FeatureRecord.from_dict(values)


def write_csv(records: Iterable[FeatureRecord], stream: TextIO) -> int:
    """Write a header and the records as CSV and return how many they were.

    Args:
        records: in any order.
        stream: text, opened with `newline=""` (or any that leaves line ends alone) and UTF-8.
    """
    table = RecordTable()
    writer = csv.writer(stream)
    writer.writerow(table.columns)
    count = 0
    for record in records:
        writer.writerow(table.row(record))
        count += 1
    return count


def read_csv(lines: Iterable[str], skipped: Callable[[int, str], None] | None = None) -> Iterator[FeatureRecord]:
    """Yield the records of a CSV file that `write_csv` wrote, or a spreadsheet saved again.

    Args:
        lines: an open text file (`newline=""`, `encoding="utf-8-sig"`), or any lines.
        skipped: called with line number and problem for each row that is no record; by default they are passed over.

    Raises:
        StorageError: the first line is no header of records.
    """
    reader = csv.reader(lines)
    header = [name.strip() for name in next(reader, [])]
    missing = sorted(_REQUIRED - set(header))
    if missing:
        raise StorageError(
            f"this is no table of records: the first line has no column {', '.join(missing)}; "
            f"give a file that was exported as csv"
        )
    table = RecordTable(header)
    while True:
        try:
            cells = next(reader)
            if cells:
                yield table.record(cells)
        except StopIteration:
            return
        except (ValueError, csv.Error) as error:
            if skipped is not None:
                skipped(reader.line_num, str(error))
