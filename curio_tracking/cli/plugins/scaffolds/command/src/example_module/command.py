"""The command: asks the reader, prints rows. Its docstring is what `--help` shows."""

import typer
from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    LimitOption,
    SinceOption,
    choose_format,
    is_for_people,
    note,
    open_session,
    print_rows,
)

LAYOUT = Layout(
    ("feature_name", "category", "failure_count", "total_calls"),
    (
        Column("feature_name", "Feature", is_long=True),
        Column("category", "Category"),
        Column("failure_count", "Failures", is_number=True),
        Column("total_calls", "Calls", is_number=True),
    ),
)


def list_failing(
    ctx: typer.Context, limit: LimitOption = 10, since: SinceOption = None, format_name: FormatOption = None
) -> None:
    """List the features that failed most."""
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        features = [part.as_dict() for part in session.reader.features(session.reader.where(since=since))]
    failing = sorted((part for part in features if part["failure_count"]), key=lambda part: -part["failure_count"])
    count = print_rows(failing[: limit or None], LAYOUT, chosen)
    if not count and is_for_people(chosen):
        note("nothing has failed")
