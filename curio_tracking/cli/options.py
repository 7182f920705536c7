"""Options: the parameters that several commands share, each described once.

Use them as annotations: `since: SinceOption = None`. Values stay the text that was typed; `Reader.where` and
`choose_format` check them, so that every surface says the same about a bad one.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from curio_tracking.cli.output import FORMATS
from curio_tracking.records import FeatureCategory, FeatureStatus

PROGRAM = "curio-tracking"

FeatureOption = Annotated[str | None, typer.Option("--feature", metavar="NAME", help="Only this feature.")]
CategoryOption = Annotated[
    str | None,
    typer.Option(
        "--category",
        metavar="CATEGORY",
        help="Only this category, such as ai_provider; plugins may add their own.",
        autocompletion=lambda: [category.value for category in FeatureCategory],
    ),
]
StatusOption = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help="Only executions that ended so: success, failed, partial or timeout.",
        autocompletion=lambda: [status.value for status in FeatureStatus],
    ),
]
UserOption = Annotated[
    str | None, typer.Option("--user", metavar="ID", help="Only this user, by the id that the application knows.")
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Only from this time on: 7d, 12h, 30m, 2026-11-01 or ISO 8601 (UTC)."),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Only before this time; written as for --since.")
]


def countable(limit: int | None) -> int | None:
    """Return a limit that Python can count to; no store holds more."""
    return None if limit is None else min(limit, sys.maxsize)


LimitOption = Annotated[
    int, typer.Option("--limit", metavar="N", min=0, callback=countable, help="At most so many; 0 for all.")
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"One of {', '.join(FORMATS)}. Without it: a table on a terminal, tab-separated text in a pipe or file.",
        autocompletion=lambda: list(FORMATS),
    ),
]


def examples(*lines: str) -> str:
    r"""Return the examples that close a command's help, one command line each, as typer's `epilog`.

    Args:
        lines: command lines without the program's name.
    """
    # a paragraph that opens with \b is not rewrapped
    return "Examples:\n\n\b\n" + "\n".join(f"  {PROGRAM} {line}" for line in lines)
