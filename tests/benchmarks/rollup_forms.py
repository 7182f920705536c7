"""What a rollup could look like on disk: size, writing, and loading up to totals by feature; and whether numpy pays.

The totals are those of one day with 274,000 calls of 200 features, as they stand in a rollup by cell.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from generated import FEATURES
from generated_rollups import day_totals, generated_users
from measuring import QUICK, ask, medians, seconds_of

from curio_tracking.records import to_microseconds
from curio_tracking.sketches import HyperLogLog, LogHistogram
from curio_tracking.storage.tinyflux.rollups.cells import CellKey
from curio_tracking.storage.tinyflux.rollups.checkpoint import BY_CELL
from curio_tracking.storage.tinyflux.rollups.table import decode_table, encode_table
from curio_tracking.summaries import Summary

CALLS = 10_000 if QUICK else 274_000
ROUNDS = 3 if QUICK else 15
MEANS = ("mean_duration", "efficiency", "input_size", "output_size")
SCALARS = ("min_duration", "max_duration", "first_us", "last_us", "iterations")
PLANES_BYTES = 128 * 54

Totals = dict[CellKey, Summary]
Form = tuple[Callable[[Totals], bytes], Callable[[bytes], Totals]]


def columns(data: Totals, level: int) -> bytes:
    return zlib.compress(zlib.decompress(encode_table(BY_CELL, data)), level)


def from_columns(data: bytes) -> Totals:
    totals: dict[Any, Summary] = {}
    decode_table(data).merge_into(totals, lambda key: key)
    return totals


def rows_of(data: Totals) -> Iterable[tuple[list[Any], dict[int, float], bytes]]:
    """Yield key and numbers, bins and registers of each total: what every form has to hold."""
    for key, total in data.items():
        means = [number for name in MEANS for number in (getattr(total, name).total, getattr(total, name).weight)]
        scalars = [getattr(total, name) for name in SCALARS]
        planes = total.users.planes()
        yield (
            [*key, total.weight, *means, *scalars],
            total.durations.bins,
            planes.to_bytes((planes.bit_length() + 7) // 8, "little"),
        )


def total_of(row: list[Any], bins: dict[int, float], planes: bytes) -> tuple[CellKey, Summary]:
    """Make a total again of what `rows_of` has made of it."""
    total = Summary()
    total.statuses[row[2]] = row[7]
    for name, begin in zip(MEANS, range(8, 16, 2), strict=True):
        getattr(total, name).add_sum(row[begin], row[begin + 1])
    for name, value in zip(SCALARS, row[16:], strict=True):
        setattr(total, name, value)
    total.durations = LogHistogram(bins)
    total.users = HyperLogLog(planes=int.from_bytes(planes, "little"))
    return tuple(row[:7]), total


def as_json(data: Totals) -> bytes:
    return json.dumps([(row, list(bins.items()), planes.hex()) for row, bins, planes in rows_of(data)]).encode()


def from_json(data: bytes) -> Totals:
    return dict(total_of(row, dict(bins), bytes.fromhex(planes)) for row, bins, planes in json.loads(data))


def as_sqlite(data: Totals) -> bytes:
    Path("form.db").unlink(missing_ok=True)
    database = sqlite3.connect("form.db")
    names = ", ".join(f"c{number}" for number in range(21))
    database.execute(f"CREATE TABLE totals ({names}, bins, planes)")
    database.executemany(
        f"INSERT INTO totals VALUES ({', '.join('?' * 23)})",
        [(*row, json.dumps(list(bins.items())), planes) for row, bins, planes in rows_of(data)],
    )
    database.commit()
    database.close()
    return Path("form.db").read_bytes()


def from_sqlite(data: bytes) -> Totals:
    database = sqlite3.connect("form.db")
    rows = database.execute("SELECT * FROM totals")
    totals = dict(total_of(list(row[:21]), dict(json.loads(row[21])), row[22]) for row in rows)
    database.close()
    return totals


FORMS: dict[str, Form] = {
    "columns": (lambda data: encode_table(BY_CELL, data), from_columns),
    "columns_plain": (lambda data: columns(data, 0), from_columns),
    "columns_small": (lambda data: columns(data, 9), from_columns),
    "json": (as_json, from_json),
    "json_small": (lambda data: zlib.compress(as_json(data), 1), lambda data: from_json(zlib.decompress(data))),
    "sqlite": (as_sqlite, from_sqlite),
}


def measure() -> dict[str, dict[str, float]]:
    noon_us = to_microseconds(datetime(2026, 1, 1, tzinfo=UTC))
    totals = day_totals(random.Random(1), noon_us, FEATURES, CALLS, generated_users())
    expected = {key: total.as_dict() for key, total in totals.items()}
    figures = {}
    for name, (write, load) in FORMS.items():
        writing, loading = [], []
        for _ in range(ROUNDS):
            seconds, data = seconds_of(lambda write=write: write(totals))
            writing.append(seconds)
            seconds, found = seconds_of(lambda load=load, data=data: load(data))
            loading.append(seconds)
        assert {key: total.as_dict() for key, total in found.items()} == expected, name
        figures[name] = {"bytes": len(data) / len(totals), "write": median(writing), "load": median(loading)}
    return figures


def importing(module: str) -> dict[str, float]:
    """Return what importing a module takes in a fresh process."""
    return medians(lambda: ask("rollup_forms", "import", module))


if __name__ == "__main__":
    if "import" in sys.argv:
        print(json.dumps({"seconds": seconds_of(lambda: __import__(sys.argv[-1]))[0]}))
    else:
        print(json.dumps({"forms": measure(), "numpy": importing("numpy")}))
