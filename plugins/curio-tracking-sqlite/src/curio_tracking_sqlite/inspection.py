"""Inspection: the state of every part of the file, for people. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking.maintenance import Condition, Finding
from curio_tracking.records import from_microseconds
from curio_tracking_sqlite import schema
from curio_tracking_sqlite.counting import uncounted_days
from curio_tracking_sqlite.days import DAY_US, LAST_US, counted_days
from curio_tracking_sqlite.failures import DamagedError, ForeignError
from curio_tracking_sqlite.place import identity_of, log_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from curio_tracking_sqlite.database import Database

_LARGE_LOG_BYTES: Final = 64 * 1024 * 1024
_MUCH_FREE_BYTES: Final = 16 * 1024 * 1024
_MANY_DAYS: Final = 2
"""Today and yesterday may well be uncounted."""


def inspect(database: Database) -> list[Finding]:
    """Return one finding per part of the file.

    Raises:
        StorageError: this user may not read it, or others lock it.
    """
    try:
        with database.reading() as connection:
            if connection is None:
                is_there = identity_of(database.path) is not None
                return [Finding("database", files=int(is_there), advice="" if is_there else "there is none yet")]
            return list(_findings(connection, database))
    except (DamagedError, ForeignError) as error:
        size = database.path.lstat().st_size
        return [Finding("database", Condition.DAMAGED, 1, size, advice=str(error))]


def _findings(connection: sqlite3.Connection, database: Database) -> Iterator[Finding]:
    faults = [row[0] for row in connection.execute("PRAGMA quick_check(3)") if row[0] != "ok"]
    yield Finding(
        "database",
        Condition.DAMAGED if faults else Condition.OK,
        1,
        database.path.lstat().st_size,
        *_range(connection),
        _advice_on(faults, database),
    )
    yield _log(database)
    yield _free_space(connection)
    yield from _days(connection)


def _range(connection: sqlite3.Connection) -> tuple[str | None, str | None]:
    select = f"SELECT {{}}(start_us) FROM records INDEXED BY {schema.BY_TIME}"
    oldest, newest = (connection.execute(select.format(end)).fetchone()[0] for end in ("min", "max"))
    return (None, None) if oldest is None else (_date(oldest // DAY_US), _date(newest // DAY_US))


def _date(number: int) -> str:
    return from_microseconds(number * DAY_US).date().isoformat()


def _advice_on(faults: list[str], database: Database) -> str:
    if not faults:
        return ""
    return (
        f"{'; '.join(faults)}. Stop what writes to {database.path}, save what can be read of it with "
        f"`sqlite3 FILE .recover`, and move it aside together with its -wal and -shm files"
    )


def _log(database: Database) -> Finding:
    path = log_of(database.path)
    try:
        size = path.lstat().st_size
    except FileNotFoundError:
        return Finding("write-ahead log")
    is_large = size > _LARGE_LOG_BYTES
    return Finding(
        "write-ahead log",
        Condition.ATTENTION if is_large else Condition.OK,
        1,
        size,
        advice="some process keeps a question open for long; end it, then maintain" if is_large else "",
    )


def _free_space(connection: sqlite3.Connection) -> Finding:
    (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    is_much = pages * page_bytes > _MUCH_FREE_BYTES
    return Finding(
        "free space in the database",
        Condition.ATTENTION if is_much else Condition.OK,
        size_bytes=pages * page_bytes,
        advice="maintain gives it back to the file system" if is_much else "",
    )


def _days(connection: sqlite3.Connection) -> Iterator[Finding]:
    days = counted_days(connection)
    counted = [day.number for day in days if not day.is_retired]
    retired = [day.number for day in days if day.is_retired]
    uncounted = uncounted_days(connection, LAST_US)
    is_slow = len(uncounted) > _MANY_DAYS
    yield _of_days("days with totals", counted)
    yield _of_days(
        "days without totals yet",
        uncounted,
        Condition.ATTENTION if is_slow else Condition.OK,
        f"statistics read the records of {len(uncounted)} days each time; maintain counts them" if is_slow else "",
    )
    advice = f"{len(retired)} days are kept as totals alone (RETENTION_DAYS)" if retired else ""
    yield _of_days("days without records", retired, advice=advice)


def _of_days(part: str, days: list[int], condition: Condition = Condition.OK, advice: str = "") -> Finding:
    oldest, newest = (_date(days[0]), _date(days[-1])) if days else (None, None)
    return Finding(part, condition, oldest=oldest, newest=newest, advice=advice)
