"""The benchmarks run to their end and print every row, on small amounts; no figure is looked at.

Run by `tox -e bench-quick`, apart from the other tests, because the benchmarks need DuckDB and prometheus_client.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).parents[1] / "benchmarks" / "run.py"
ROWS = {
    "call_cost": ("floor", "tracked call, defaults", "tracked coroutine", "with track", "tracking off", "prometheus"),
    "bad_backends": (
        "99th percentile of a call, backend: dead",
        "99th percentile of a call, backend: hung",
    ),
    "to_disk": (
        "calls to disk, one process",
        "CPU per record",
        "our engine alone",
        "stock TinyFlux",
        "SQLite",
        "DuckDB",
        "plain csv",
        "calls to disk over stock TinyFlux",
        "disk per record, live segment",
        "memory added to the host",
    ),
    "feature_statistics": (
        "statistics of 200 features, cold",
        "statistics of 200 features, warm",
        "statistics of 200 features, ",
        "`curio-tracking list-features`",
        "peak memory of the reader",
        "next answer after 1,000 more records",
        "DuckDB, one table, all cores: cold",
        "SQLite, indexed for it: warm",
        "ours over stock TinyFlux",
        "`list-records --limit 20` of 10,000 records",
        "`list-records --limit 20` of 10,000,000 records",
        "disk per record, live",
        "disk per record, sealed",
        "disk per record, sealed and compressed",
        "disk per record, DuckDB",
    ),
    "hundred_million": (
        "statistics of 200 features, cold",
        "statistics of 200 features, warm",
        "peak memory of the reader",
    ),
    "rollup_forms": (
        "a day's rollup as columns",
        "a day's rollup as JSON",
        "a day's rollup as SQLite",
        "`import numpy`",
    ),
    "start_up": ("`from curio_tracking import track_feature`", "`curio-tracking --version`"),
    "plugin_start_up": (
        "host until its first record is written, 0 installed",
        "host until its first record is written, 1 installed",
        "host until its first record is written, 10 installed",
        "`curio-tracking list-features`, empty store, 0 installed",
        "`curio-tracking list-features`, empty store, 10 installed",
        "finding plugins and importing one, 10 installed",
    ),
}


@pytest.mark.parametrize("part", ROWS)
def test_part_prints_every_row(part: str) -> None:
    result = subprocess.run([sys.executable, SUITE, "--quick", "--only", part], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    printed = [line.split("|")[1].strip() for line in result.stdout.splitlines() if line.startswith("| ")]
    missing = [row for row in ROWS[part] if not any(what.startswith(row) for what in printed)]
    assert not missing, result.stdout


def test_every_part_is_run() -> None:
    result = subprocess.run([sys.executable, SUITE, "--help"], capture_output=True, text=True)
    assert "{" + ",".join(ROWS) + "}" in result.stdout.replace("\n", "").replace(" ", "")
