"""Staging: many records at once, all of them or none, without holding up other writers while the batches are made.

They wait in a temporary table, which SQLite keeps in a nameless file of its own: whatever ends this early, nothing is
left behind. Only moving them into the store, at the end, is a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking_sqlite.days import note_late
from curio_tracking_sqlite.rows import COLUMNS, INSERT, rows_of
from curio_tracking_sqlite.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from curio_tracking.records import FeatureRecord
    from curio_tracking_sqlite.database import Database

_STAGE: Final = INSERT.format(table="temp.staged", conflict="")
_MOVE: Final = (
    f"INSERT INTO records ({COLUMNS}) SELECT {COLUMNS} FROM temp.staged WHERE TRUE ORDER BY rowid "
    f"ON CONFLICT (record_id) DO NOTHING"
)


def append_staged(database: Database, batches: Iterable[Sequence[FeatureRecord]]) -> int:
    """Keep the records of all batches and return how many they were.

    Raises:
        StorageError: nothing was kept. ValueError: a record cannot be stored; nothing was kept.
    """
    with database.outside(is_needed=True) as connection:
        assert connection is not None
        connection.execute(f"CREATE TEMP TABLE staged AS SELECT {COLUMNS} FROM records WHERE FALSE")
        try:
            count = _stage(connection, batches)
            with database.writing():
                connection.execute(_MOVE)
                note_late(connection, _starts(connection))
        finally:
            connection.execute("DROP TABLE IF EXISTS temp.staged")
    return count


def _stage(connection: sqlite3.Connection, batches: Iterable[Sequence[FeatureRecord]]) -> int:
    count = 0
    for batch in batches:
        rows = rows_of(batch)
        with transaction(connection, "BEGIN"):
            connection.executemany(_STAGE, rows)
        count += len(rows)
    return count


def _starts(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT DISTINCT start_us FROM temp.staged")]
