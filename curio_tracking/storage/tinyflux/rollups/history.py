"""History: the rollups of days and months, which say whose segments they cover.

    DATA_DIR/rollups/2026-11-22.rollup    a day: totals by feature, by dimension, and by hour
    DATA_DIR/rollups/2026-10.rollup       a month: its totals, and those of each of its days

A day's file counts before what its month's says of it: it may cover a segment that came later. Once the records of a
day are gone (retention), its month's file is all that is left of it, and no longer a cache.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from curio_tracking.storage.days import is_day
from curio_tracking.storage.directories import list_names
from curio_tracking.storage.tinyflux.catalog import ROLLUP
from curio_tracking.storage.tinyflux.rollups.cells import DIMENSIONS, HOUR, CellKey, by_dimensions
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, Rollup, signature_of, write_rollup
from curio_tracking.storage.tinyflux.rollups.table import Table, decode_table, encode_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from curio_tracking.storage.tinyflux.rollups.container import Signature
    from curio_tracking.summaries import Summary

Coverage: TypeAlias = "dict[str, int]"
"""The segments whose records are counted, by stem, and of how many bytes each was then."""

BY_FEATURE: Final = ("feature_name", "category")
GRAINS: Final = {"features": BY_FEATURE, "dimensions": DIMENSIONS, "hours": (*DIMENSIONS, HOUR)}
"""The tables that are kept, and what their keys are."""
MONTH_GRAINS: Final = ("features", "dimensions")
"""Those that a month's file keeps of each day, and of all of them."""
DAMAGED: Final = ".damaged"
"""How a month's rollup is named on that could not be read."""
_PERIOD: Final = re.compile(r"(\d{4}-\d{2}(?:-\d{2})?)\.rollup", re.ASCII)
_MONTH_LENGTH: Final = len("2026-11")


def rollup_directory(data_dir: Path) -> Path:
    """Return where the rollups of days and months are."""
    return data_dir / "rollups"


def month_of(day: str) -> str:
    """Return the month of a day, `2026-11`."""
    return day[:_MONTH_LENGTH]


class HistoryFile:
    """The rollup of a day or a month.

    Attributes:
        period: `2026-11-22` or `2026-11`.
        days: what of each of its days is counted.
    """

    def __init__(self, path: Path, period: str) -> None:
        """Read what it covers.

        Raises:
            DamagedError: it cannot be used. FileNotFoundError: there is none.
        """
        # held: days are merged again and again, and a question that comes back to the newest file might never end
        self._rollup = Rollup(path, is_held=True)
        self.path = path
        self.period = period
        self.signature: Signature = self._rollup.signature
        try:
            self.days: dict[str, Coverage] = {day: dict(covered) for day, covered in self._rollup.meta["days"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedError(f"{path} does not say what it covers") from error
        if not all(day.startswith(period) and is_day(day) for day in self.days):
            raise DamagedError(f"{path} covers days that are not its own")

    def verify(self) -> None:
        """Look whether all of it is as it was written.

        Raises:
            DamagedError: it is not. MovedError: the file is another one now.
        """
        self._rollup.verify()

    def release(self) -> None:
        """Close the file; tables can still be read for as long as it is not replaced."""
        self._rollup.release()

    def has(self, grain: str, day: str | None = None) -> bool:
        """Whether there is a table of this grain (see `GRAINS`), of one day or of the whole period."""
        return _section(grain, day) in self._rollup

    def table(self, grain: str, day: str | None = None) -> Table:
        """Return a table; of one day, or of the whole period.

        Raises:
            MovedError: the file is another one now. DamagedError: it is damaged.
        """
        return self._decoded(self.data(grain, day))

    def data(self, grain: str, day: str | None = None) -> bytes:
        """Return a table as bytes. Raises: as `table`."""
        try:
            return self._rollup.section(_section(grain, day))
        except KeyError as error:
            raise DamagedError(f"{self.path} has no {_section(grain, day)}") from error

    def _decoded(self, data: bytes) -> Table:
        try:
            return decode_table(data)
        except ValueError as error:
            raise DamagedError(f"{self.path}: {error}") from error


class History:
    """The rollups of one data directory, as they are now; what did not change is not read again.

    A reader reads as little of a file as it needs, and may find only then that it is damaged: it distrusts the file and
    asks again. Who makes rollups again, or changes them, must know beforehand, and is careful.
    """

    def __init__(self, data_dir: Path, *, is_careful: bool = False) -> None:
        """Args: the data directory; whether all of a new file is read and checked at once."""
        self.directory = rollup_directory(data_dir)
        self.damaged: set[str] = set()
        self._is_careful = is_careful
        self._distrusted: dict[str, Signature] = {}
        self._files: dict[str, HistoryFile] = {}

    def load(self) -> dict[str, HistoryFile]:
        """Return the files that can be used, by period. Those that cannot are named in `damaged`.

        Raises:
            FileNotFoundError: one was removed meanwhile; look again. DataDirError: this user may not look.
        """
        periods = [found[1] for name in list_names(self.directory) if (found := _PERIOD.fullmatch(name))]
        files = {}
        self.damaged.clear()
        for period in periods:
            path = self.directory / f"{period}{ROLLUP}"
            known = self._files.get(period)
            try:
                signature = signature_of(path)
                if signature == self._distrusted.get(period, ()):
                    self.damaged.add(period)
                    continue
                if known is None or known.signature != signature:
                    known = self._opened(path, period)
                files[period] = known
            except DamagedError:
                self.damaged.add(period)
        self._files = files
        return dict(files)

    def _opened(self, path: Path, period: str) -> HistoryFile:
        file = HistoryFile(path, period)
        if self._is_careful:
            file.verify()
        return file

    def distrust(self, file: HistoryFile) -> None:
        """Pass over a file that turned out to be damaged, until there is another one in its place."""
        self._distrusted[file.period] = file.signature

    def release(self) -> None:
        """Close every file; to be called when a question is answered."""
        for file in self._files.values():
            file.release()


def set_aside_damaged(data_dir: Path, period: str) -> None:
    """Rename a rollup that cannot be used before another is put in its place: it may be all that is left of old days.

    Raises:
        OSError: it could not be renamed.
    """
    path = rollup_directory(data_dir) / f"{period}{ROLLUP}"
    try:
        HistoryFile(path, period).verify()
    except FileNotFoundError:
        return
    except DamagedError:
        path.replace(path.with_name(path.name + DAMAGED))


class DayOfHistory(NamedTuple):
    """Where the totals of one day are.

    Attributes:
        file: the day's file, or its month's. covered: the segments that they count.
    """

    file: HistoryFile
    covered: Coverage

    def has(self, day: str, grain: str) -> bool:
        """Whether there is a table of this grain."""
        return self.file.has(grain, day)


def days_of(files: Mapping[str, HistoryFile]) -> dict[str, DayOfHistory]:
    """Return where the totals of each day are: in its own file, else in its month's."""
    days: dict[str, DayOfHistory] = {}
    for period in sorted(files, key=len):
        for day, covered in files[period].days.items():
            days[day] = DayOfHistory(files[period], covered)
    return days


def write_day(
    directory: Path, day: str, covered: Coverage, totals: dict[CellKey, Summary], *, durable: bool = False
) -> None:
    """Put the rollup of a day in place.

    Args:
        totals: by cell, see `rollups.cells`.

    Raises:
        OSError: the one before is untouched.
    """
    sections = {
        _section(grain, day): encode_table(names, totals if grain == "hours" else by_dimensions(totals, names))
        for grain, names in GRAINS.items()
    }
    write_rollup(directory / f"{day}{ROLLUP}", {"days": {day: covered}}, sections, durable=durable)


class DayTables(NamedTuple):
    """What a month's file holds of one day: the segments that are counted, and the tables as bytes, by grain."""

    covered: Coverage
    tables: dict[str, bytes]


def tables_of(day: str, source: DayOfHistory) -> DayTables:
    """Return what a month's file is to hold of a day.

    Raises:
        MovedError, DamagedError: the tables cannot be read.
    """
    return DayTables(source.covered, {grain: source.file.data(grain, day) for grain in MONTH_GRAINS})


def write_month(directory: Path, month: str, days: Mapping[str, DayTables]) -> None:
    """Put the rollup of a month in place; it survives a loss of power.

    Raises:
        OSError: the one before is untouched. ValueError: a table cannot be read.
    """
    sections = {
        _section(grain): encode_table(
            GRAINS[grain], _merged([decode_table(one.tables[grain]) for one in days.values()])
        )
        for grain in MONTH_GRAINS
    }
    for day, one in days.items():
        sections |= {_section(grain, day): data for grain, data in one.tables.items()}
    meta = {"days": {day: one.covered for day, one in days.items()}}
    write_rollup(directory / f"{month}{ROLLUP}", meta, sections, durable=True)


def _merged(tables: Iterable[Table]) -> dict[tuple[str | None, ...], Summary]:
    totals: dict[tuple[str | None, ...], Summary] = {}
    for table in tables:
        table.merge_into(totals, lambda key: key)
    return totals


def _section(grain: str, day: str | None = None) -> str:
    return grain if day is None else f"{day}.{grain}"
