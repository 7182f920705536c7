"""How fast other stores take the records that the calls of `to_disk` left, and our engine alone.

`python disk_comparisons.py DATA_DIR`. Each store gets them ready in its own form and in batches of 50, as the writer
writes them. This flatters all of them: building, filtering and formatting a record is counted for the calls only. What
they acknowledge survives the end of the program, and so does ours. csv is one call without a flush.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter
from types import ModuleType
from typing import Any

import curio_store
import duckdb_store
import sqlite_store
import stock_store
from generated import in_batches, row_of
from measuring import QUICK

from curio_tracking import FeatureTracker

SAMPLE = 1_000 if QUICK else 20_000
BATCH = 50
ROUNDS = 1 if QUICK else 3


def rates(data_dir: Path, folder: Path) -> dict[str, float]:
    """Return the records per second of each store."""
    tracker = FeatureTracker(data_dir=data_dir)
    records = list(tracker.records(limit=SAMPLE))[::-1]
    tracker.close()
    rows = list(in_batches(map(row_of, records), BATCH))
    seconds = {
        "engine": quickest(curio_store, folder / "engine", list(in_batches(records, BATCH))),
        "sqlite": quickest(sqlite_store, folder / "sqlite", rows),
        "duckdb": quickest(duckdb_store, folder / "duckdb", rows),
        "stock": quickest(stock_store, folder / "stock", list(in_batches(map(stock_store.point, records), BATCH))),
        "csv": csv_seconds(rows, folder / "plain.csv"),
    }
    return {f"{name}_per_second": len(records) / taken for name, taken in seconds.items()}


def quickest(store: ModuleType, path: Path, batches: Sequence[Sequence[Any]]) -> float:
    """Return the shortest of several times, each with a new store: what comes on top is other programs' work."""
    names = [path.with_name(f"{path.name}-{number}") for number in range(ROUNDS)]
    return min(float(store.append_seconds(name, batches)) for name in names)


def csv_seconds(batches: Sequence[Sequence[tuple[Any, ...]]], path: Path) -> float:
    start = perf_counter()
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(row for batch in batches for row in batch)
    return perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(rates(Path(sys.argv[1]), Path(mkdtemp()))))
