"""`list-features` and `list-records` over generated records: time, memory, and what the records take on disk.

One store is written by one process in batches of 50, as an application does it, and asked by fresh processes; DuckDB,
SQLite and stock TinyFlux hold the same records and answer the same question. Not named `statistics`: that would hide
the standard library's module from the scripts beside it. With `--large`, 10 million records are listed too.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import curio_store
import duckdb_store
import sqlite_store
import stock_store
from generated import FEATURES, last_midnight_us, records
from measuring import QUICK, ask, medians, stored_bytes

RECORDS = 10_000 if QUICK else 1_000_000
FEW = 1_000
MANY = 10_000_000
END_US = last_midnight_us()


def checked(figures: dict[str, float]) -> dict[str, float]:
    """Return the figures of an answer that is complete."""
    assert figures["features"] == FEATURES, figures
    assert figures["calls"] == RECORDS, figures
    return figures


def own_figures(data_dir: Path) -> dict[str, float]:
    """Return what fresh processes take for the statistics and for the newest records."""
    command = medians(lambda: {"command": curio_store.command_seconds(data_dir)})
    return {
        **checked(medians(lambda: ask("curio_store", "features", data_dir))),
        **command,
        "newest": newest_seconds(data_dir),
    }


def newest_seconds(data_dir: Path) -> float:
    return medians(lambda: ask("curio_store", "newest", data_dir))["seconds"]


def newest_seconds_of(count: int) -> float:
    """Return what the newest records of a store of another size take."""
    data_dir = Path(f"store-{count}")
    curio_store.load(data_dir, records(count, END_US))
    taken = newest_seconds(data_dir)
    shutil.rmtree(data_dir)
    return taken


def own() -> dict[str, Any]:
    """Return the engine's figures, before and after maintenance."""
    data_dir = Path("store")
    figures: dict[str, Any] = {
        "live_bytes": curio_store.load(data_dir, records(RECORDS, END_US)),
        "sealed_bytes": curio_store.sizes(data_dir),
        "written": own_figures(data_dir),
        "few_newest": newest_seconds_of(FEW),
        "many_newest": newest_seconds_of(MANY) if "--large" in sys.argv else None,
        "maintained": None,
    }
    if curio_store.maintained(data_dir):
        figures |= {"compressed_bytes": curio_store.sizes(data_dir), "maintained": own_figures(data_dir)}
    # last, because it adds records
    return figures | {"refresh": ask("curio_store", "refresh", data_dir)["seconds"]}


def other(name: str, store: Any) -> dict[str, float]:
    """Return the figures of another store with the same records."""
    path = Path(f"{name}.db")
    store.load(path, records(RECORDS, END_US))
    return {**checked(medians(lambda: ask(name, path))), "bytes": stored_bytes(path)}


if __name__ == "__main__":
    others = {"duckdb_store": duckdb_store, "sqlite_store": sqlite_store, "stock_store": stock_store}
    print(
        json.dumps(
            {
                "records": RECORDS,
                "few": FEW,
                "many": MANY,
                "own": own(),
                **{name: other(name, store) for name, store in others.items()},
            }
        )
    )
