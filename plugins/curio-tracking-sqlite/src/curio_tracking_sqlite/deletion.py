"""Deletion: removes records for good, and what totals of days without records say of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from curio_tracking.errors import StorageError
from curio_tracking.forgetting.traces import is_in_file
from curio_tracking.queries import SummaryQuery
from curio_tracking_sqlite.counting import forget_totals
from curio_tracking_sqlite.days import DAY_US, counted_days, new_revision
from curio_tracking_sqlite.questions import Conditions, dimensions, parts_of
from curio_tracking_sqlite.totals import can_use_totals, for_days, records_statement

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from curio_tracking.queries import RecordQuery
    from curio_tracking_sqlite.database import Database


def delete(database: Database, query: RecordQuery) -> int:
    """Remove what a query describes, all of it in one transaction, and return how many executions that were.

    Totals of retired days know no users and no single records, and nothing finer than a day: a query for these leaves
    them as they are.

    Raises:
        StorageError: nothing was removed.
    """
    with database.writing(is_needed=False) as connection:
        if connection is None:
            return 0
        retired = _forget_retired(connection, query)
        gone = sum(_delete_part(connection, part) for part in parts_of(query))
    _clear_log(database)
    # secure_delete overwrites rows where they stand, but not the copies that moving them between pages has left
    if query.user_ids and is_in_file(query.user_ids, database.path):
        _rebuild(database)
    return gone + retired


def _clear_log(database: Database) -> None:
    """Let what was deleted vanish from the write-ahead log, too; where a reader is in the way, that happens later."""
    with suppress(StorageError), database.outside() as connection:
        if connection is not None:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _rebuild(database: Database) -> None:
    """Write all pages anew; where somebody is in the way, the next deletion of the same user tries again."""
    with suppress(StorageError), database.outside() as connection:
        if connection is not None:
            connection.execute("VACUUM")
    _clear_log(database)


def _delete_part(connection: sqlite3.Connection, part: RecordQuery) -> int:
    days = {day.number: day for day in counted_days(connection)}
    statement, values = records_statement(part, "id, start_us")
    ids: list[int] = []
    changed: set[int] = set()
    for record_id, start_us in connection.execute(statement, values):
        day = days.get(start_us // DAY_US)
        ids.append(record_id)
        if day is not None and not day.is_retired and record_id <= day.through_id:
            changed.add(day.number)
    forget_totals(connection, sorted(changed))
    remove(connection, ids)
    return len(ids)


def remove(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Delete rows of the table `records` by their ids."""
    connection.executemany("DELETE FROM records WHERE id = ?", [(record_id,) for record_id in ids])


def _forget_retired(connection: sqlite3.Connection, query: RecordQuery) -> int:
    if not can_use_totals(SummaryQuery(query, ())):
        return 0
    whole = [
        day.number
        for day in counted_days(connection)
        if day.is_retired
        and (query.since_us is None or query.since_us <= day.since_us)
        and (query.until_us is None or day.until_us <= query.until_us)
    ]
    if not whole:
        return 0
    where = Conditions()
    dimensions(query, where)
    for_days(whole, where)
    (weight,) = connection.execute(f"SELECT total(weight) FROM totals WHERE {where.text}", where.values).fetchone()
    connection.execute(f"DELETE FROM totals WHERE {where.text}", where.values)
    connection.executemany("UPDATE days SET revision = ? WHERE day = ?", [(new_revision(), day) for day in whole])
    # a day of which nothing is left is one that nobody has ever heard of
    connection.execute("DELETE FROM days WHERE is_retired AND is_complete AND day NOT IN (SELECT day FROM totals)")
    return round(float(weight))
