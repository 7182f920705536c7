"""A third party's backend, as small as they come: one SQLite file, no summaries of its own, no bulk, no `declared`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from curio_tracking.hookspecs import hookimpl
from curio_tracking.interfaces import declared_matching
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo, FeatureRecord
from curio_tracking.summaries import Summary, fold, with_declared

TABLES = """
    CREATE TABLE IF NOT EXISTS records (start_us INTEGER, record_id TEXT, record TEXT, PRIMARY KEY (record_id));
    CREATE INDEX IF NOT EXISTS by_start ON records (start_us);
    CREATE TABLE IF NOT EXISTS features (name TEXT, category TEXT, PRIMARY KEY (name, category));
"""


class ShelfBackend:
    """Takes a file; makes it with the first record."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, statement: str, *values: object) -> list[Any]:
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            return connection.execute(statement, values).fetchall()

    def change(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            connection.executescript(TABLES)
            connection.executemany(statement, rows)

    def append(self, records: Sequence[FeatureRecord]) -> None:
        rows = [(one.start_us, json.dumps(one.record_id), json.dumps(one.as_dict())) for one in records]
        self.change("INSERT OR IGNORE INTO records VALUES (?, ?, ?)", rows)

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        rows = self.ask(
            "SELECT record FROM records WHERE start_us >= ? AND start_us < ?",
            -(2**62) if query.since_us is None else query.since_us,
            2**62 if query.until_us is None else query.until_us,
        )
        found = [record for (text,) in rows if query.matches(record := FeatureRecord.from_dict(json.loads(text)))]
        found.sort(key=lambda record: (record.start_us, record.record_id), reverse=True)
        yield from found[: query.limit or None]

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        declared = [
            FeatureInfo(json.loads(name), json.loads(category)) for name, category in self.ask("SELECT * FROM features")
        ]
        found = fold(self.records(replace(query.where, limit=0)), query.group_by)
        yield from with_declared(found, declared_matching(declared, query.where), query.group_by)

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        rows = [(json.dumps(info.feature_name), json.dumps(info.category)) for info in features]
        self.change("INSERT OR IGNORE INTO features VALUES (?, ?)", rows)

    def delete(self, query: RecordQuery) -> int:
        gone = [(json.dumps(record.record_id),) for record in self.records(query)]
        self.change("DELETE FROM records WHERE record_id = ?", gone)
        return len(gone)

    def close(self) -> None:
        pass


@hookimpl
def curio_register_backends(register: Any) -> None:
    register("shelf", lambda settings: ShelfBackend(settings.data_dir / "shelf.sqlite"))
