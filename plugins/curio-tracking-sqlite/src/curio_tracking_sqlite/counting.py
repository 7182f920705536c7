"""Counting: takes the records of a day into its totals, some at a time, each time in a transaction of its own.

Whoever is killed in between leaves a day that is counted up to some id, and the next one goes on there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking_sqlite import schema
from curio_tracking_sqlite.cells import DIMENSIONS, SKETCHES, add_cells, write_cells
from curio_tracking_sqlite.days import DAY_US, FIRST_US, Day, counted_days, new_revision
from curio_tracking_sqlite.folding import Fold
from curio_tracking_sqlite.questions import Conditions

if TYPE_CHECKING:
    import sqlite3

    from curio_tracking_sqlite.database import Database

PORTION: Final = 20_000
"""Records that are counted in one transaction, a tenth of a second long: other processes wait meanwhile."""
_NOTHING: Final = -1


def count_portion(database: Database, number: int) -> bool:
    """Count up to `PORTION` further records of a day.

    Args:
        number: of the day, since 1970 UTC.

    Returns:
        Whether the day is complete now.

    Raises:
        StorageError: the file cannot be written now; the day is as before.
    """
    with database.writing(is_needed=False) as connection:
        if connection is None:
            return True
        day = next((day for day in counted_days(connection) if day.number == number), None)
        if day is not None and not day.is_readable and not day.is_retired:
            day = None
        through_id = _NOTHING if day is None else day.through_id
        ids = _next_ids(connection, number, through_id)
        if ids:
            _count(connection, number, through_id, ids[min(PORTION, len(ids)) - 1], day)
        is_complete = len(ids) <= PORTION
        connection.execute("UPDATE days SET is_complete = ? WHERE day = ?", (is_complete, number))
        return is_complete


def _next_ids(connection: sqlite3.Connection, number: int, through_id: int) -> list[int]:
    rows = connection.execute(
        f"SELECT id FROM records INDEXED BY {schema.BY_TIME} WHERE start_us >= ? AND start_us < ? AND id > ? "
        f"ORDER BY id LIMIT ?",
        (number * DAY_US, (number + 1) * DAY_US, through_id, PORTION + 1),
    )
    return [row[0] for row in rows]


def _count(connection: sqlite3.Connection, number: int, after_id: int, through_id: int, day: Day | None) -> None:
    fold = Fold(DIMENSIONS)
    if day is not None:
        where = Conditions()
        where.add("day = ?", number)
        add_cells(connection, where, DIMENSIONS, fold)
    fold.add(
        connection.execute(
            f"SELECT {fold.columns} FROM records INDEXED BY {schema.BY_TIME} "
            f"WHERE start_us >= ? AND start_us < ? AND id > ? AND id <= ?",
            (number * DAY_US, (number + 1) * DAY_US, after_id, through_id),
        )
    )
    write_cells(connection, number, fold.groups)
    connection.execute(
        "INSERT INTO days (day, through_id, is_complete, is_retired, sketches, revision) VALUES (?, ?, 0, ?, ?, ?) "
        "ON CONFLICT (day) DO UPDATE "
        "SET through_id = excluded.through_id, sketches = excluded.sketches, revision = excluded.revision",
        (number, through_id, day is not None and day.is_retired, SKETCHES, new_revision()),
    )


def uncounted_days(connection: sqlite3.Connection, until_us: int) -> list[int]:
    """Return the numbers of the days before `until_us` that have records no totals count, oldest first."""
    days = {day.number: day for day in counted_days(connection)}
    found = []
    since_us = FIRST_US
    while (start_us := _first_start(connection, since_us)) is not None and start_us < until_us:
        number = start_us // DAY_US
        day = days.get(number)
        if day is None or not day.is_complete or not (day.is_readable or day.is_retired):
            found.append(number)
        since_us = (number + 1) * DAY_US
    return found


def _first_start(connection: sqlite3.Connection, since_us: int) -> int | None:
    (start_us,) = connection.execute(
        f"SELECT min(start_us) FROM records INDEXED BY {schema.BY_TIME} WHERE start_us >= ?", (since_us,)
    ).fetchone()
    return None if start_us is None else int(start_us)


def forget_totals(connection: sqlite3.Connection, numbers: list[int]) -> None:
    """Let days be uncounted: some of their counted records are about to go."""
    for table in ("totals", "days"):
        connection.executemany(f"DELETE FROM {table} WHERE day = ?", [(number,) for number in numbers])
