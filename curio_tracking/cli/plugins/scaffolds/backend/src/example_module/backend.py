"""The backend: every record is one row, as JSON, beside the few columns that questions are answered by."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from curio_tracking import FeatureRecord
from curio_tracking.interfaces import BaseBackend
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureInfo

TABLES = """
    CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, start_us INTEGER NOT NULL, content TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS record_by_time ON record (start_us);
    CREATE TABLE IF NOT EXISTS feature (content TEXT PRIMARY KEY);
"""


class ExamplePart(BaseBackend):
    """Keeps records in one SQLite file. `BaseBackend` makes the statistics out of `records`."""

    def __init__(self, path: Path) -> None:
        """Args: the file, which comes into being with the first record: a reader must not create it."""
        self._path = path

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """Keep the records; one that comes again is there already."""
        rows = [(_as_text(record.record_id), record.start_us, _as_text(record.as_dict())) for record in records]
        with closing(self._create()) as database, database:
            database.executemany("INSERT OR IGNORE INTO record VALUES (?, ?, ?)", rows)

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """Yield what matches, newest first."""
        found = 0
        for content in self._contents("SELECT content FROM record ORDER BY start_us DESC, id DESC"):
            record = FeatureRecord.from_dict(json.loads(content))
            if query.matches(record):
                yield record
                found += 1
                if found == query.limit:
                    return

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """Remember the features, also those that nobody calls."""
        rows = [(_as_text([info.feature_name, info.category, info.location]),) for info in features]
        with closing(self._create()) as database, database:
            database.executemany("INSERT OR IGNORE INTO feature VALUES (?)", rows)

    def declared(self) -> list[FeatureInfo]:
        """Return the features that were declared."""
        return [FeatureInfo(*json.loads(content)) for content in self._contents("SELECT content FROM feature")]

    def delete(self, query: RecordQuery) -> int:
        """Remove what matches, whatever the limit."""
        everything = map(json.loads, self._contents("SELECT content FROM record"))
        gone = [record.record_id for record in map(FeatureRecord.from_dict, everything) if query.matches(record)]
        if gone:
            with closing(self._create()) as database, database:
                database.executemany("DELETE FROM record WHERE id = ?", [(_as_text(name),) for name in gone])
        return len(gone)

    def _contents(self, question: str) -> list[str]:
        if not self._path.exists():
            return []
        with closing(self._create()) as database:
            return [content for (content,) in database.execute(question)]

    def _create(self) -> sqlite3.Connection:
        """Open the file, and make it if it is not there: nobody else may read it."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        # one connection for each piece of work: forked processes and threads then share none
        database = sqlite3.connect(self._path, timeout=30)
        database.executescript(TABLES)
        return database


def _as_text(value: object) -> str:
    # JSON also holds the characters that SQLite cannot store
    return json.dumps(value)
