"""The `csv` backend: one file per UTC day that a spreadsheet opens, shared by all processes that write.

`DATA_DIR/csv/records-YYYY-MM-DD.csv`: a header, then one physical line per record in the format of `storage.tables`.
One file per day rather than one per process: people open it, and whoever holds the lock may repair, extend and rewrite
it, so deleting works while others write. For small amounts: every question reads the files of the days it concerns.
"""

from __future__ import annotations

import csv
import io
import os
import re
import time
from contextlib import ExitStack
from itertools import count, groupby, islice
from typing import TYPE_CHECKING, Final

from curio_tracking.hookspecs import hookimpl
from curio_tracking.interfaces import BaseBackend
from curio_tracking.storage.days import by_start, day_of, newest_days
from curio_tracking.storage.declarations import Declarations
from curio_tracking.storage.directories import list_names, make_private, storage_error, sync_directory
from curio_tracking.storage.erasure import concerns
from curio_tracking.storage.files import (
    append_whole,
    cut_torn_line,
    locked_file,
    read_first_line,
    read_lines,
    remove_abandoned,
    replace_file,
)
from curio_tracking.storage.tables import RecordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from curio_tracking.hookspecs import RegisterBackend
    from curio_tracking.queries import RecordQuery
    from curio_tracking.records import FeatureInfo, FeatureRecord
    from curio_tracking.settings import Settings

_NAME: Final = re.compile(r"records-(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.csv", re.ASCII)


class CsvBackend(BaseBackend):
    """Keeps records in one CSV file per day.

    Attributes:
        quarantined: rows that are no records, in the files read so far; they are skipped and stay where they are.
    """

    def __init__(self, data_dir: Path, *, durable: bool = False) -> None:
        """Args: the data directory; whether an acknowledged batch must survive a loss of power."""
        self._data_dir = data_dir
        self._directory = data_dir / "csv"
        self._durable = durable
        self._table = RecordTable(one_line=True)
        self._header = _line(self._table.columns)
        self._declarations = Declarations(self._directory, data_dir=data_dir, durable=durable)
        self._is_ready = False
        self._uncut: set[Path] = set()
        self._bad_rows: dict[Path, int] = {}

    @property
    def quarantined(self) -> int:
        """How many rows of the files read so far are no records."""
        return sum(self._bad_rows.values())

    # -- writing ----------------------------------------------------------------------------------------------------

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """See `StorageBackend.append`."""
        days: dict[str, list[bytes]] = {}
        for record in records:
            days.setdefault(day_of(record.start_us), []).append(_line(self._table.row(record)))
        if not days:
            return
        self._prepare()
        paths = {day: self._path_to_extend(day) for day in sorted(days)}
        try:
            with ExitStack() as stack:
                files = {path: stack.enter_context(locked_file(path, create=True)) for path in paths.values()}
                self._write([(path, files[path], days[day]) for day, path in paths.items()])
        except OSError as error:
            raise storage_error(error, "write", self._directory) from error

    def _prepare(self) -> None:
        if not self._directory.is_dir():
            self._is_ready = False
        if not self._is_ready:
            make_private(self._directory, below=self._data_dir, durable=self._durable)
            remove_abandoned(self._directory, time.time())
            self._is_ready = True

    def _path_to_extend(self, day: str) -> Path:
        """Return the day's first file that has our header, or that is yet to be made."""
        for number in count():
            path = self._directory / (f"records-{day}.{number}.csv" if number else f"records-{day}.csv")
            if read_first_line(path) in (b"", self._header):
                return path
        raise AssertionError

    def _write(self, targets: list[tuple[Path, int, list[bytes]]]) -> None:
        """Write to all files or to none; their locks are held, so nobody else's rows are cut with ours."""
        sizes: list[tuple[Path, int, int]] = []
        try:
            for path, file, lines in targets:
                size = cut_torn_line(file)
                sizes.append((path, file, size))
                append_whole(file, b"".join(([] if size else [self._header]) + self._new(path, lines)))
                if self._durable:
                    os.fsync(file)
            if self._durable and any(size == 0 for _path, _file, size in sizes):
                sync_directory(self._directory)
        except BaseException:
            for path, file, size in sizes:
                self._cut(path, file, size)
            raise
        self._uncut.difference_update(path for path, _file, _lines in targets)

    def _cut(self, path: Path, file: int, size: int) -> None:
        try:
            os.ftruncate(file, size)
        except OSError:
            # the rows stay for now; when the batch comes again, those that are there are not written twice
            self._uncut.add(path)

    def _new(self, path: Path, lines: list[bytes]) -> list[bytes]:
        if path not in self._uncut:
            return lines
        there = set(read_lines(path))
        return [line for line in lines if line[:-1] not in there]

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """See `StorageBackend.declare`."""
        self._declarations.add(features)

    def delete(self, query: RecordQuery) -> int:
        """See `StorageBackend.delete`. Works while other processes write: each file is rewritten under its lock."""
        return sum(self._delete_from(path, query) for path in self._paths(query))

    def _delete_from(self, path: Path, query: RecordQuery) -> int:
        try:
            with locked_file(path, create=False):
                # of any age, because we hold the lock of all rewrites: it has the rows that were to be deleted, and
                # perhaps those of somebody who is to be deleted now
                remove_abandoned(self._directory, time.time(), seconds=0.0, of=path.name)
                header, rows = self._rows(path)
                kept = [line for line, record in rows if not concerns(query, line, record)]
                if len(kept) < len(rows):
                    replace_file(path, [line + b"\n" for line in (header, *kept)]) if kept else path.unlink()
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise storage_error(error, "write", path) from error
        self._bad_rows.pop(path, None)
        return len(rows) - len(kept)

    # -- reading ----------------------------------------------------------------------------------------------------

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """See `StorageBackend.records`. One day at a time is held in memory."""
        return islice(self._newest_first(query), query.limit or None)

    def _newest_first(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        for _day, paths in groupby(self._paths(query), key=_day_of):
            rows = [row for path in paths for row in self._rows(path)[1]]
            found = [record for _line, record in rows if record is not None and query.matches(record)]
            yield from sorted(found, key=by_start, reverse=True)

    def declared(self) -> Iterable[FeatureInfo]:
        """Return the declared features."""
        return self._declarations.all()

    def _paths(self, query: RecordQuery) -> list[Path]:
        """Return the files of the days in question, newest day first."""
        names: dict[str, list[str]] = {}
        for name in list_names(self._directory):
            if found := _NAME.fullmatch(name):
                names.setdefault(found[1], []).append(name)
        return [self._directory / name for day in newest_days(names, query) for name in names[day]]

    def _rows(self, path: Path) -> tuple[bytes, list[tuple[bytes, FeatureRecord | None]]]:
        """Return the header and every row with its record, None for a row that is none."""
        header, *lines = read_lines(path) or [b""]
        table = _table(header)
        rows = [(line, _record(table, line)) for line in lines if line.strip()]
        self._bad_rows[path] = sum(record is None for _line, record in rows)
        return header, rows


def _day_of(path: Path) -> str:
    return path.name[len("records-") :][:10]


def _line(cells: Iterable[str]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerow(cells)
    return stream.getvalue().encode()


def _cells(line: bytes) -> list[str]:
    # a file that a spreadsheet saved again may begin with a byte order mark
    return next(csv.reader([line.decode("utf-8-sig")]), [])


def _table(header: bytes) -> RecordTable:
    try:
        return RecordTable(_cells(header))
    except (ValueError, csv.Error):
        return RecordTable(())


def _record(table: RecordTable, line: bytes) -> FeatureRecord | None:
    try:
        return table.record(_cells(line))
    except (ValueError, csv.Error):
        return None


def _make(settings: Settings) -> CsvBackend:
    return CsvBackend(settings.data_dir, durable=settings.durability == "fsync")


@hookimpl
def curio_register_backends(register: RegisterBackend) -> None:
    """Offer the `csv` backend."""
    register("csv", _make)
