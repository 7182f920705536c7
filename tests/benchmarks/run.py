"""The budgets of the design, measured: `tox -e bench`, or `python tests/benchmarks/run.py [--quick]`.

Prints one table. Every figure that matters is a ratio of two things measured in the same run, because machines differ
and are shared; absolute figures stand beside it for orientation. Each part runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """One line of the table; `budget` and `value` are compared, `at_least` turns the comparison round."""

    what: str
    measured: str
    value: float
    budget: float | None = None
    unit: str = "x"
    at_least: bool = False

    def verdict(self) -> str:
        if self.budget is None:
            return ""
        is_within = self.value >= self.budget if self.at_least else self.value <= self.budget
        return "yes" if is_within else "**no**"

    def line(self) -> str:
        budget = "" if self.budget is None else f"{self.budget:,g} {self.unit}"
        return f"| {self.what} | {self.measured} | {self.value:,.4g} {self.unit} | {budget} | {self.verdict()} |"


def run_part(name: str, quick: bool) -> Any:
    """Run one benchmark file in a process of its own, with an empty home, and return what it printed as JSON."""
    with tempfile.TemporaryDirectory() as home:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FEATURE_TRACKING_")}
        clean.pop("DO_NOT_TRACK", None)
        environment = {**clean, "HOME": home, "XDG_DATA_HOME": home}
        command = [sys.executable, str(HERE / f"{name}.py"), *(["--quick"] if quick else [])]
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
        Row("plain csv on the same records", "csv.writer, no flush", count / figures["csv_seconds"], None, "records/s"),
        Row("stock TinyFlux, insert_multiple of 50", "20,000 records", figures["stock_per_second"], None, "records/s"),
        Row("calls to disk over stock TinyFlux", "", count / figures["seconds"] / figures["stock_per_second"]),
        Row("disk per record, live segment", "", figures["bytes"] / count, 334, "B"),
        Row("memory added to the host", "peak resident", figures["memory_mb"], 40, "MB"),
    ]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="fewer repetitions: shows that the suite runs, not figures"
    )
    quick = parser.parse_args().quick
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print("| what | measured | ratio or rate | budget | within |\n|---|---|---|---|---|")
    for name, rows in (("call_cost", call_rows), ("to_disk", disk_rows), ("start_up", start_rows)):
        for row in rows(run_part(name, quick)):
            print(row.line(), flush=True)


if __name__ == "__main__":
    main()
