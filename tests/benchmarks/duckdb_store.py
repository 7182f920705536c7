"""The same records and questions with DuckDB: one table in one file, every field of a record in its own column.

`python duckdb_store.py FILE` measures the statistics of all features.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
from generated import COLUMNS, row_of
from measuring import Statistics, report

from curio_tracking.records import FeatureRecord

WHOLE = {"start_us", "input_size", "output_size", "iterations", "thread_id", "process_id", "memory_bytes"}
REAL = {"duration", "efficiency_score", "cpu_seconds", "sample_weight"}
TABLE = ", ".join(
    f"{name} {'BIGINT' if name in WHOLE else 'DOUBLE' if name in REAL else 'VARCHAR'}" for name in COLUMNS
)
# exact quantiles: on these data they are faster than approx_quantile
STATISTICS = """
    SELECT feature_name, category, count(*) AS total_calls,
        count(*) FILTER (status = 'success') AS success_count, count(*) FILTER (status = 'failed') AS failed_count,
        count(*) FILTER (status = 'partial') AS partial_count, count(*) FILTER (status = 'timeout') AS timeout_count,
        avg(duration) AS avg_duration, min(duration) AS min_duration, max(duration) AS max_duration,
        quantile_cont(duration, [0.5, 0.95, 0.99]) AS quantiles,
        avg(efficiency_score) AS avg_efficiency, avg(input_size) AS avg_input_size, avg(output_size) AS avg_output_size,
        sum(iterations) AS total_iterations, approx_count_distinct(user_id) AS unique_users,
        min(start_us) AS first_us, max(start_us) AS last_us
    FROM records GROUP BY feature_name, category ORDER BY total_calls DESC, feature_name
"""


def create(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(path))
    connection.execute(f"CREATE TABLE records ({TABLE})").fetchall()
    return connection


def load(path: Path, records: Iterable[FeatureRecord]) -> None:
    """Fill a new database in the fastest way it has, from a csv file."""
    source = path.with_suffix(".csv")
    with source.open("w", newline="") as stream:
        csv.writer(stream).writerows(map(row_of, records))
    with create(path) as connection:
        connection.execute(f"COPY records FROM '{source}' (HEADER false)").fetchall()
    source.unlink()


def append_seconds(path: Path, batches: Sequence[Sequence[tuple[Any, ...]]]) -> float:
    """Return what it takes to append the batches, each one committed: by the appender, 20 times executemany's rate."""
    with create(path) as connection:
        appender = connection.appender("records")
        start = perf_counter()
        for batch in batches:
            appender.append_rows(batch)
            appender.flush()
        return perf_counter() - start


def statistics(connection: duckdb.DuckDBPyConnection) -> Statistics:
    found = connection.execute(STATISTICS)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


if __name__ == "__main__":
    # with all its threads, as everybody uses it
    report(lambda: duckdb.connect(sys.argv[1], read_only=True), statistics)
