"""list-features: the features by use, one line of statistics each."""

from typing import Any, Final

import typer

from curio_tracking.cli import (
    CategoryOption,
    Column,
    FormatOption,
    Layout,
    LimitOption,
    SinceOption,
    StatusOption,
    UntilOption,
    UserOption,
    choose_format,
    examples,
    explain_cost,
    explain_nothing,
    is_for_people,
    note,
    open_session,
    print_rows,
    units,
)
from curio_tracking.cli.small_groups import MinUsersOption, is_small, tell_left_out
from curio_tracking.hookspecs import hookimpl
from curio_tracking.summaries import STATISTICS

DEFAULT_LIMIT: Final = 10
HEALTHY: Final = 99.0
TOLERABLE: Final = 90.0
"""Percent of success below which a figure is yellow, and red."""


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `list-features`."""
    app.command(
        "list-features",
        epilog=examples(
            "list-features --limit 10",
            "list-features --category ai_provider --since 7d",
            "list-features --status failed --limit 0 --format csv > failing.csv",
            "list-features --limit 0 --min-users 5 --format json > to-pass-on.json",
        ),
    )(list_features)


def list_features(
    ctx: typer.Context,
    limit: LimitOption = DEFAULT_LIMIT,
    category: CategoryOption = None,
    status: StatusOption = None,
    user: UserOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    min_users: MinUsersOption = 0,
    format_name: FormatOption = None,
) -> None:
    """List the features that are used most.

    One line per feature and category, most calls first; features that are known but were never called come last.
    With filters, only the executions that match are counted.
    """
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        where = session.reader.where(category=category, status=status, user_id=user, since=since, until=until)
        explain_cost(session, where, chosen)
        known = session.reader.features(where)
        found = [summary for summary in known if not is_small(summary, min_users)]
        shown = found[:limit] if limit else found
        print_rows((summary.as_dict() for summary in shown), LAYOUT, chosen)
        if not known:
            explain_nothing(session, where, chosen)
    tell_left_out(known, min_users)
    if len(shown) < len(found) and is_for_people(chosen):
        note(f"{len(shown)} of {len(found)} features; --limit 0 shows all")


def _success_style(percent: Any) -> str:
    if percent is None or percent >= HEALTHY:
        return ""
    return "yellow" if percent >= TOLERABLE else "red"


LAYOUT: Final = Layout(
    STATISTICS,
    (
        Column("feature_name", "Feature", style=lambda _: "bold", is_long=True),
        Column("category", "Category", rank=5),
        Column("total_calls", "Calls", units.count, is_number=True),
        Column("success_rate", "Success", units.percent, _success_style, is_number=True),
        Column("failure_count", "Failures", units.count, is_number=True, rank=3),
        Column("avg_duration", "Average", units.duration, is_number=True, rank=2),
        Column("p95_duration", "95 % below", units.duration, is_number=True, rank=6),
        Column("avg_efficiency", "Efficiency", units.score, is_number=True, rank=8),
        Column("unique_users", "Users", units.count, is_number=True, rank=7),
        Column("last_used", "Last used (UTC)", units.moment, rank=4),
    ),
)
