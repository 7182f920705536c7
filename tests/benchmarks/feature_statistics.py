"""`list-features` and `list-records` over generated records: time, memory, and what the records take on disk.

One store is written by one process in batches of 50, as an application does it, and asked by fresh processes; DuckDB,
SQLite and stock TinyFlux hold the same records and answer the same question. Not named `statistics`: that would hide
the standard library's module from the scripts beside it. With `--large`, 10 million records are listed too.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import curio_store
import duckdb_store
import sqlite_store
import stock_store
from generated import FEATURES, last_midnight_us, records
from measuring import QUICK, ask, medians, medians_in_turns, stored_bytes

RECORDS = 10_000 if QUICK else 1_000_000
FEW = 1_000
MANY = 10_000_000
END_US = last_midnight_us()
OTHERS: dict[str, ModuleType] = {
    "duckdb_store": duckdb_store,
    "sqlite_store": sqlite_store,
    "stock_store": stock_store,
}


def checked(figures: dict[str, float]) -> dict[str, float]:
    """Return the figures of an answer that is complete."""
    assert figures["features"] == FEATURES, figures
    assert figures["calls"] == RECORDS, figures
    return figures


def own_answer(data_dir: Path) -> dict[str, float]:
    """Return what a fresh process and the whole command take for the statistics."""
    answer = checked(ask("curio_store", "features", data_dir))
    return answer | {"command": curio_store.command_seconds(data_dir)}


def other_answer(name: str, path: Path) -> dict[str, float]:
    """Return what a fresh process takes with another store."""
    return checked(ask(name, path))


def few_records() -> Path:
    """Return a store of few records, to compare the listing of many with."""
    data_dir = Path("few")
    if not data_dir.exists():
        curio_store.load(data_dir, records(FEW, END_US))
    return data_dir


def newest_seconds(data_dir: Path) -> dict[str, dict[str, float]]:
    """Return what the newest records of a store take, and those of the small one, asked in turns."""
    stores = {"many": data_dir, "few": few_records()}
    return medians_in_turns({name: partial(listing, store) for name, store in stores.items()})


def listing(data_dir: Path) -> dict[str, float]:
    """Return what the whole command takes, and the reading alone in a fresh process."""
    reading: dict[str, float] = ask("curio_store", "newest", data_dir)
    return reading | {"command": curio_store.listing_seconds(data_dir)}


def newest_seconds_of_many() -> dict[str, dict[str, float]]:
    """Return the same for a store that is made for it."""
    data_dir = Path("many")
    curio_store.load(data_dir, records(MANY, END_US))
    taken = newest_seconds(data_dir)
    shutil.rmtree(data_dir)
    return taken


def answers_in_turns(data_dir: Path) -> dict[str, Any]:
    """Return what our store and the others, which are filled first, take for the same question."""
    paths = {name: Path(f"{name}.db") for name in OTHERS}
    for name, path in paths.items():
        OTHERS[name].load(path, records(RECORDS, END_US))
    questions: dict[str, Callable[[], dict[str, float]]] = {"own": lambda: own_answer(data_dir)}
    questions |= {name: partial(other_answer, name, path) for name, path in paths.items()}
    answers = medians_in_turns(questions)
    return answers | {name: answers[name] | {"bytes": stored_bytes(path)} for name, path in paths.items()}


def measure(data_dir: Path) -> dict[str, Any]:
    """Return all figures; those of our store before and after maintenance."""
    written: dict[str, Any] = {
        "live_bytes": curio_store.load(data_dir, records(RECORDS, END_US)),
        "sealed_bytes": curio_store.sizes(data_dir),
        "written": medians(lambda: own_answer(data_dir)),
        "newest": newest_seconds(data_dir),
        "many_newest": newest_seconds_of_many() if "--large" in sys.argv else None,
    }
    curio_store.maintain(data_dir)
    figures = written | {
        "compressed_bytes": curio_store.sizes(data_dir),
        "maintained_newest": newest_seconds(data_dir),
        **answers_in_turns(data_dir),
    }
    # last, because it adds records
    return figures | {"refresh": ask("curio_store", "refresh", data_dir)["seconds"]}


if __name__ == "__main__":
    print(json.dumps({"records": RECORDS, "few": FEW, "many": MANY, **measure(Path("store"))}))
