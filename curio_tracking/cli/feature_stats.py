"""feature-stats: everything that is known of one feature."""

from difflib import get_close_matches
from typing import Annotated, Final

import typer

from curio_tracking.cli import (
    HOW_TO_START,
    CategoryOption,
    Column,
    FormatOption,
    Session,
    SinceOption,
    UntilOption,
    choose_format,
    examples,
    explain_cost,
    open_session,
    print_object,
    units,
)
from curio_tracking.cli.small_groups import MinUsersOption, is_small
from curio_tracking.errors import CurioError, UnknownNameError
from curio_tracking.hookspecs import hookimpl
from curio_tracking.queries import RecordQuery
from curio_tracking.summaries import Summary

MOST_SUGGESTIONS: Final = 3


class UnknownFeatureError(UnknownNameError):
    """No record and no declaration names the feature."""

    exit_code = 1  # not a mistake in the command: the store may hold it tomorrow


class SmallGroupError(CurioError):
    """So few users called the feature that its statistics shall not be shown."""


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `feature-stats`."""
    app.command(
        "feature-stats",
        epilog=examples(
            "feature-stats my_feature --category ai_provider",
            "feature-stats my_feature --since 7d --format json",
        ),
    )(feature_stats)


def feature_stats(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The feature, as list-features shows it.")],
    category: CategoryOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    min_users: MinUsersOption = 0,
    format_name: FormatOption = None,
) -> None:
    """Show the statistics of one feature.

    Durations are seconds in the formats for machines; the percentiles are within 1 %, unique users within 5 %.
    """
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        where = session.reader.where(feature_name=name, category=category, since=since, until=until)
        explain_cost(session, where, chosen)
        summary = session.reader.feature(where) or _without_calls(session, where)
        if is_small(summary, min_users):
            raise SmallGroupError(f'the statistics of "{name}" are left out: fewer than {min_users} users')
        print_object(summary.as_dict(), COLUMNS, chosen)


def _without_calls(session: Session, where: RecordQuery) -> Summary:
    """Return empty statistics for a feature that exists but was not called in the time range.

    Raises:
        UnknownFeatureError: it does not exist, or not in that category.
    """
    name = where.feature_name or ""
    known = session.reader.features(RecordQuery())
    categories = sorted({part.category or "" for part in known if part.feature_name == name})
    if not categories:
        raise UnknownFeatureError(_unknown(session, name, [part.feature_name or "" for part in known]))
    if where.category and where.category not in categories:
        raise UnknownFeatureError(
            f'feature "{name}" is not in category {where.category}; it is in {", ".join(categories)}'
        )
    category = where.category or (categories[0] if len(categories) == 1 else None)
    return Summary({"feature_name": name, "category": category})


def _unknown(session: Session, name: str, known: list[str]) -> str:
    if not known:
        return f'unknown feature "{name}": no records yet in {session.settings.data_dir}; {HOW_TO_START}'
    by_lower = {feature.lower(): feature for feature in known}
    near = get_close_matches(name.lower(), by_lower, n=MOST_SUGGESTIONS)
    if not near:
        return f'unknown feature "{name}"; "curio-tracking list-features --limit 0" lists all'
    quoted = " or ".join(f'"{by_lower[feature]}"' for feature in near)
    return f'unknown feature "{name}"; did you mean {quoted}?'


COLUMNS: Final = (
    Column("feature_name", "Feature"),
    Column("category", "Category"),
    Column("total_calls", "Calls", units.count),
    Column("success_count", "Successful", units.count),
    Column("failure_count", "Failed or timed out", units.count),
    Column("partial_count", "Partly successful", units.count),
    Column("timeout_count", "Timed out", units.count),
    Column("success_rate", "Success rate", units.percent),
    Column("avg_duration", "Average duration", units.duration),
    Column("min_duration", "Shortest duration", units.duration),
    Column("max_duration", "Longest duration", units.duration),
    Column("p50_duration", "50 % of the calls below", units.duration),
    Column("p95_duration", "95 % of the calls below", units.duration),
    Column("p99_duration", "99 % of the calls below", units.duration),
    Column("avg_efficiency", "Average efficiency (0 to 1)", units.score),
    Column("avg_input_size", "Average input size", units.count),
    Column("avg_output_size", "Average output size", units.count),
    Column("total_iterations", "Iterations", units.count),
    Column("unique_users", "Users", units.count),
    Column("first_used", "First used (UTC)", units.moment),
    Column("last_used", "Last used (UTC)", units.moment),
)
