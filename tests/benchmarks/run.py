"""The budgets of the design, measured: `tox -e bench`, or `python tests/benchmarks/run.py`.

Prints a table per part. Every figure that matters is a ratio of two things measured in the same run, because machines
differ and are shared; absolute figures stand beside it for orientation. Each part runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from statistics_rows import hundred_million_rows, statistics_rows
from table import Row, print_table

HERE = Path(__file__).parent


def run_part(name: str, options: list[str]) -> Any:
    """Run one benchmark file in a process of its own, in an empty home, and return what it printed as JSON.

    Stores and temporary files are made in that home and go with it.
    """
    with tempfile.TemporaryDirectory() as home:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FEATURE_TRACKING_")}
        clean.pop("DO_NOT_TRACK", None)
        environment = {**clean, "HOME": home, "XDG_DATA_HOME": home, "TMPDIR": home}
        command = [sys.executable, str(HERE / f"{name}.py"), *options]
        result = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
        if result.returncode:
            sys.exit(f"{name}: {result.stderr}")
        return json.loads(result.stdout)


def call_rows(figures: dict[str, tuple[float, float]]) -> list[Row]:
    def row(what: str, key: str, budget: float | None = None) -> Row:
        nanoseconds, floors = figures[key]
        return Row(what, f"{nanoseconds:.0f} ns", floors, budget)

    return [
        row("floor: two clock reads + one deque append", "floor"),
        row("tracked call, defaults, two arguments", "on", 3.0),
        row("tracked call, SAMPLE_RATE=0.1", "sampled"),
        row("tracked call, CAPTURE_ARGS=off", "no_capture"),
        row("tracked call, CAPTURE_ARGS=values", "values"),
        row("tracked call, RESOURCES=true", "resources"),
        row("tracked coroutine", "coroutine"),
        row("with track(...)", "block"),
        row("tracking off", "off", 0.3),
        row("prometheus_client Histogram.time, which keeps no record", "prometheus"),
    ]


def disk_rows(figures: dict[str, float]) -> list[Row]:
    count = figures["records"]
    return [
        Row(
            "calls to disk, one process", f"{count:,.0f} calls", count / figures["seconds"], 100_000, "records/s", True
        ),
        Row("CPU per record, both threads", "", figures["cpu_seconds"] / count * 1e6, 10, "µs"),
        *_disk_comparisons(figures, count / figures["seconds"]),
        Row("disk per record, live segment", "", figures["bytes"] / count, 334, "B"),
        Row("memory added to the host", "peak resident", figures["memory_mb"], 40, "MB"),
    ]


def _disk_comparisons(figures: dict[str, float], ours: float) -> list[Row]:
    others = {
        "engine": ("our engine alone", "append of 50, without the calls"),
        "stock": ("stock TinyFlux", "insert_multiple of 50"),
        "sqlite": ("SQLite", "WAL, executemany and commit of 50"),
        "duckdb": ("DuckDB", "appender, flush of 50"),
        "csv": ("plain csv", "csv.writer, no flush"),
    }
    rows = []
    for name, (label, measured) in others.items():
        rate = figures[f"{name}_per_second"]
        rows += [Row(label, measured, rate, None, "records/s"), Row(f"calls to disk over {label}", "", ours / rate)]
    return rows


def start_rows(figures: dict[str, float]) -> list[Row]:
    bare = figures["bare"]

    def row(what: str, key: str, budget: float | None = None) -> Row:
        extra = (figures[key] - bare) * 1e3
        return Row(what, f"{figures[key] / bare:.2f} x bare Python ({bare * 1e3:.0f} ms)", extra, budget, "ms")

    return [
        row("`from curio_tracking import track_feature`", "import", 20),
        row("the same, and one decorated function", "decorate"),
        row("`curio-tracking --version`", "version"),
        row("`curio-tracking list-features`, empty store", "list_features"),
    ]


def plugin_rows(least: dict[str, float]) -> list[Row]:
    def row(label: str, what: str, count: int, remark: str = "") -> Row:
        taken, none, bare = (least[key] for key in (f"{what} {count}", f"{what} 0", f"bare {count}"))
        measured = f"{taken / none:.2f} x none installed, {taken / bare:.1f} x bare Python{remark}"
        return Row(f"{label}, {count} installed", measured, taken * 1e3, unit="ms")

    def finding(count: int) -> Row:
        return Row(
            f"finding plugins and importing one, {count} installed", "", least[f"finding {count}"] * 1e3, unit="ms"
        )

    host, command = "host until its first record is written", "`curio-tracking list-features`, empty store"
    return [
        *(row(host, "host", count, f"; {least[f'imported {count}']:.0f} imported") for count in (0, 1, 10)),
        *(row(command, "command", count) for count in (0, 1, 10)),
        *(finding(count) for count in (1, 10)),
    ]


def form_rows(part: dict[str, Any]) -> list[Row]:
    forms = {
        "columns": "columns, zlib level 1 (ours)",
        "columns_plain": "columns, not compressed",
        "columns_small": "columns, zlib level 9",
        "json": "JSON",
        "json_small": "JSON, zlib level 1",
        "sqlite": "SQLite",
    }
    rows = []
    for name, label in forms.items():
        figures = part["forms"][name]
        measured = f"written in {figures['write'] * 1e3:.1f} ms, loaded in {figures['load'] * 1e3:.1f} ms"
        rows.append(Row(f"a day's rollup as {label}", measured, figures["bytes"], None, "B per total"))
    return [*rows, Row("`import numpy`, before it has merged anything", "", part["numpy"]["seconds"] * 1e3, None, "ms")]


def backend_rows(figures: dict[str, dict[str, float]]) -> list[Row]:
    return [
        Row(
            f"99th percentile of a call, {'not tracked' if name == 'bare' else f'backend: {name}'}",
            f"median {found['p50']:.2f} µs, longest {found['max'] / 1e3:.2f} ms",
            found["p99"],
            None if name == "bare" else 1_000,
            "µs",
        )
        for name, found in figures.items()
    ]


PARTS: dict[str, tuple[str, Callable[[Any], list[Row]]]] = {
    "call_cost": ("A tracked call", call_rows),
    "bad_backends": ("A tracked call while the backend is dead or hangs", backend_rows),
    "to_disk": ("Calls to disk", disk_rows),
    "feature_statistics": ("Statistics, listing and size of a store", statistics_rows),
    "hundred_million": ("Statistics of 100 million records", hundred_million_rows),
    "rollup_forms": ("Forms of a rollup", form_rows),
    "start_up": ("Starting up", start_rows),
    "plugin_start_up": ("Starting up with plugins, one of them named", plugin_rows),
}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="fewer repetitions: shows that the suite runs, not figures"
    )
    parser.add_argument("--large", action="store_true", help="also list the records of a store of 10 million")
    parser.add_argument("--only", choices=PARTS, help="run one part")
    return parser.parse_args()


def main() -> None:
    given = options()
    passed_on = [f"--{name}" for name in ("quick", "large") if getattr(given, name)]
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores")
    for name in [given.only] if given.only else PARTS:
        title, rows = PARTS[name]
        print_table(title, rows(run_part(name, passed_on)))


if __name__ == "__main__":
    main()
