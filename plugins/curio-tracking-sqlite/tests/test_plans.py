"""Questions are answered out of indexes: what SQLite itself says of how it will proceed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import fields

import pytest

from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureStatus
from curio_tracking.testing import START_US, make_record
from curio_tracking_sqlite.backend import SqliteBackend
from curio_tracking_sqlite.days import Span
from curio_tracking_sqlite.folding import Fold
from curio_tracking_sqlite.listing import page_statement
from curio_tracking_sqlite.totals import records_statement

RANGE = {"since_us": START_US, "until_us": START_US + 10}
QUERIES = [
    (RecordQuery(), "records_by_time"),
    (RecordQuery(**RANGE), "records_by_time (start_us>? AND start_us<?)"),
    (RecordQuery(feature_name="f"), "records_by_feature (feature_name=?)"),
    (RecordQuery(feature_name="f", **RANGE), "records_by_feature (feature_name=? AND start_us>? AND start_us<?)"),
    (RecordQuery(category="other"), "records_by_category (category=?)"),
    (RecordQuery(category="other", **RANGE), "records_by_category (category=? AND start_us>? AND start_us<?)"),
    (RecordQuery(status=FeatureStatus.FAILED), "records_by_status (status=?)"),
    (RecordQuery(status=FeatureStatus.SUCCESS), "records_by_status (status=?)"),
    (RecordQuery(status=FeatureStatus.FAILED, category="other"), "records_by_status (status=?)"),
    (RecordQuery(user_ids=frozenset({"u"})), "records_by_user (user_id=?)"),
    (RecordQuery(user_ids=frozenset({"u"}), feature_name="f"), "records_by_user (user_id=?)"),
    (RecordQuery(record_ids=frozenset({"a", "b"})), "records_by_id (record_id=?)"),
]


def name_of(query: object) -> str:
    if isinstance(query, str):
        return ""
    return "-".join(spec.name for spec in fields(query) if getattr(query, spec.name) not in (None, 0)) or "everything"


@pytest.fixture
def connection(backend: SqliteBackend) -> Iterator[sqlite3.Connection]:
    backend.append([make_record()])
    connection = sqlite3.connect(backend.path)
    yield connection
    connection.close()


def plan_of(connection: sqlite3.Connection, statement: str, values: list[object]) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]


@pytest.mark.parametrize(("query", "index"), QUERIES, ids=name_of)
def test_listing_uses_the_index(connection: sqlite3.Connection, query: RecordQuery, index: str) -> None:
    statement, values = page_statement(query)
    assert index in plan_of(connection, statement, [*values, 20])[0]


@pytest.mark.parametrize(("query", "index"), [pair for pair in QUERIES if "records_by_id" not in pair[1]], ids=name_of)
def test_listing_sorts_only_records_of_one_moment(
    connection: sqlite3.Connection, query: RecordQuery, index: str
) -> None:
    # what comes newest first out of the index need not be sorted, so a limit ends the reading
    statement, values = page_statement(query)
    sorts = [step for step in plan_of(connection, statement, [*values, 20]) if "B-TREE" in step]
    assert all("RIGHT PART" in step or "LAST" in step for step in sorts)


def test_next_page_begins_where_the_last_one_ended(connection: sqlite3.Connection) -> None:
    statement, values = page_statement(RecordQuery(feature_name="f"), (START_US, START_US, b"id"))
    assert "(feature_name=? AND start_us<?)" in plan_of(connection, statement, [*values, 20])[0]


def test_totals_read_only_the_records_of_a_span(connection: sqlite3.Connection) -> None:
    statement, values = records_statement(RecordQuery(), Fold(()).columns, Span(START_US, START_US + 10))
    assert "records_by_time (start_us>? AND start_us<?)" in plan_of(connection, statement, values)[0]


def test_totals_of_counted_days_are_found_by_day(connection: sqlite3.Connection) -> None:
    statement = "SELECT weight FROM totals JOIN days USING (day) WHERE (day BETWEEN ? AND ?)"
    assert any("totals_by_day" in step for step in plan_of(connection, statement, [1, 2]))
