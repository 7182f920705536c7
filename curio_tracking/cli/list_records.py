"""list-records: single executions, newest first."""

from typing import Any, Final

import typer

from curio_tracking.cli import (
    CategoryOption,
    Column,
    FeatureOption,
    FormatOption,
    Layout,
    LimitOption,
    SinceOption,
    StatusOption,
    UntilOption,
    UserOption,
    choose_format,
    examples,
    explain_nothing,
    open_session,
    print_rows,
    units,
)
from curio_tracking.hookspecs import hookimpl
from curio_tracking.storage.tables import COLUMNS

DEFAULT_LIMIT: Final = 20
STATUS_STYLES: Final = {"success": "green", "failed": "red", "timeout": "red", "partial": "yellow"}


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `list-records`."""
    app.command(
        "list-records",
        epilog=examples(
            "list-records --limit 20",
            "list-records --category ai_provider --limit 10",
            "list-records --feature my_feature --status failed --since 12h --format json",
        ),
    )(list_records)


def list_records(
    ctx: typer.Context,
    limit: LimitOption = DEFAULT_LIMIT,
    feature: FeatureOption = None,
    category: CategoryOption = None,
    status: StatusOption = None,
    user: UserOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    format_name: FormatOption = None,
) -> None:
    """List single executions, the newest first.

    The formats for machines hold every field of a record; tables show the most telling ones.
    """
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        where = session.reader.where(
            feature_name=feature,
            category=category,
            status=status,
            user_id=user,
            since=since,
            until=until,
            limit=limit,
        )
        count = print_rows((record.as_dict() for record in session.reader.records(where)), LAYOUT, chosen)
        if not count:
            explain_nothing(session, where, chosen)


def _status_style(status: Any) -> str:
    return STATUS_STYLES.get(str(status), "")


LAYOUT: Final = Layout(
    COLUMNS,
    (
        Column("start_time", "Start (UTC)", units.moment),
        Column("feature_name", "Feature", style=lambda _: "bold", is_long=True),
        Column("category", "Category", rank=3),
        Column("status", "Status", style=_status_style),
        Column("duration", "Duration", units.duration, is_number=True),
        Column("efficiency_score", "Efficiency", units.score, is_number=True, rank=6),
        Column("input_size", "Input", units.count, is_number=True, rank=5),
        Column("output_size", "Output", units.count, is_number=True, rank=5),
        Column("user_id", "User", rank=7),
        Column("error_message", "Error", is_long=True, rank=2),
    ),
)
