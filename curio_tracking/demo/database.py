"""DATABASE_OPERATION: a small shop in SQLite, with a broken rule and a lock that is held too long."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from curio_tracking import FeatureCategory, track, track_feature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from curio_tracking.demo.tally import Tally

ARTICLES: Final = ("lamp", "chair", "table", "shelf", "carpet")
LOCK_TIMEOUT_SECONDS: Final = 0.1
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS article (name TEXT PRIMARY KEY, stock INTEGER NOT NULL CHECK (stock >= 0));
CREATE TABLE IF NOT EXISTS purchase (
    number INTEGER PRIMARY KEY, article TEXT NOT NULL REFERENCES article (name), amount INTEGER NOT NULL
);
"""


@track_feature("open_shop", FeatureCategory.DATABASE_OPERATION)
def open_shop(path: Path) -> sqlite3.Connection:
    """Open the database, with its tables and a full stock."""
    connection = sqlite3.connect(path, timeout=LOCK_TIMEOUT_SECONDS)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(SCHEMA)
    with connection:
        connection.executemany("INSERT OR IGNORE INTO article VALUES (?, 1000)", [(name,) for name in ARTICLES])
    return connection


@track_feature("buy_article", FeatureCategory.DATABASE_OPERATION, target_seconds=0.005)
def buy_article(connection: sqlite3.Connection, article: str, amount: int) -> int:
    """Sell and return the number of the purchase.

    Raises:
        sqlite3.IntegrityError: there is no such article, or not that much of it.
    """
    with connection:
        connection.execute("UPDATE article SET stock = stock - ? WHERE name = ?", (amount, article))
        cursor = connection.execute("INSERT INTO purchase (article, amount) VALUES (?, ?)", (article, amount))
    return int(cursor.lastrowid or 0)


def import_purchases(connection: sqlite3.Connection, rows: list[tuple[str, int]]) -> int:
    """Import what can be imported; rows for unknown articles are left out, and the call says that it was partial."""
    with track("import_purchases", FeatureCategory.DATABASE_OPERATION) as run:
        known = [row for row in rows if row[0] in ARTICLES]
        with connection:
            connection.executemany("INSERT INTO purchase (article, amount) VALUES (?, ?)", known)
        run.input_size, run.output_size, run.iterations = len(rows), len(known), max(1, len(known))
        if len(known) < len(rows):
            run.partial(f"{len(rows) - len(known)} rows left out: unknown articles")
    return len(known)


@track_feature("best_sellers", FeatureCategory.DATABASE_OPERATION)
def best_sellers(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return articles and amounts sold, most first."""
    query = "SELECT article, sum(amount) AS sold FROM purchase GROUP BY article ORDER BY sold DESC, article"
    return connection.execute(query).fetchall()


@track_feature("close_books", FeatureCategory.DATABASE_OPERATION)
def close_books(connection: sqlite3.Connection) -> None:
    """Take the database for oneself for a moment.

    Raises:
        TimeoutError: somebody else kept it locked all the while.
    """
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise TimeoutError(f"the database stayed locked for {LOCK_TIMEOUT_SECONDS} s") from error
    connection.rollback()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep the database locked from another connection, as a long import would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def use(folder: Path, tally: Tally) -> None:
    """Sell, import, evaluate; break one rule and run into one lock."""
    path = folder / "shop.sqlite"
    with closing(open_shop(path)) as connection:
        tally.count("open_shop")
        for amount, article in enumerate(ARTICLES, start=1):
            buy_article(connection, article, amount)
            tally.count("buy_article")
        with tally.failing("buy_article", sqlite3.IntegrityError):
            buy_article(connection, "chair", 5_000)
        import_purchases(connection, [(ARTICLES[number % 5], 1 + number % 7) for number in range(5_000)])
        tally.count("import_purchases")
        import_purchases(connection, [("lamp", 2), ("teapot", 1)])
        tally.count("import_purchases", "partial")
        best_sellers(connection)
        tally.count("best_sellers")
        close_books(connection)
        tally.count("close_books")
        with locked(path), tally.failing("close_books", TimeoutError, "timeout"):
            close_books(connection)
