"""How the usage of a run is shown: the table of `curio-tracking list-features` with the tests beside it, or JSON.

Imports the command line's layout, and with it typer and Rich: only at the end of a run that asked for this.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.cli import Column, json_text, units, visible
from curio_tracking.cli.list_features import LAYOUT
from curio_tracking.cli.terminal import write_table
from curio_tracking.testing.pytest_plugin.usage import TESTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

SHOWN: Final = (
    *("feature_name", "category", "total_calls", "success_rate", "failure_count", "avg_duration", "p95_duration"),
)
COLUMNS: Final = (
    *(column for column in LAYOUT.columns if column.key in SHOWN),
    Column(TESTS, "Tests", units.count, is_number=True, rank=1),
)


class _Page(io.StringIO):
    """Text to be printed later, on a terminal or elsewhere; Rich asks, to know how wide it may be."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def print_usage(reporter: pytest.TerminalReporter, rows: Sequence[dict[str, Any]]) -> None:
    """Print the table, then what no test has called."""
    reporter.section("feature usage")
    if not rows:
        reporter.write_line("no tracked features: a feature is known once the module that defines it is imported")
        return
    page = _Page(is_terminal=bool(reporter.isatty))  # a method in pytest 6, a property since, both in pytest 9
    write_table(page, rows, COLUMNS, has_color=reporter.hasmarkup)
    for line in page.getvalue().splitlines():
        reporter.write_line(line.rstrip())
    unused = [visible(str(row["feature_name"])) for row in rows if not row["total_calls"]]
    reporter.write_line("")
    if unused:
        reporter.write_line(f"never called in this run ({len(unused)} of {len(rows)}): {', '.join(unused)}")
    else:
        reporter.write_line(f"every feature was called ({len(rows)})")


def write_usage(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows as one JSON array.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("w", encoding="utf-8") as file:
        file.write(json_text(json.loads(json.dumps(list(rows), default=str)), file, indent=2) + "\n")
