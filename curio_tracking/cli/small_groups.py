"""Small groups: what so few users do that it tells something about somebody, left out where asked.

A group is shown only if it certainly has that many users. What nobody called tells nothing about anybody, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curio_tracking.cli.output import note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from curio_tracking.records import FeatureRecord
    from curio_tracking.summaries import Summary

MinUsersOption = Annotated[
    int,
    typer.Option(
        "--min-users",
        metavar="K",
        min=0,
        show_default=False,
        help="Leave out features with fewer than K different users, for what is passed on. Calls without a user count "
        "as nobody's.",
    ),
]


def is_small(summary: Summary, min_users: int) -> bool:
    """Whether a group has calls, and perhaps fewer than so many users.

    Args:
        summary: the totals of the group.
        min_users: 0 for no limit.
    """
    return summary.weight > 0 and summary.users.least() < min_users


def of_many_users(
    records: Iterable[FeatureRecord], known: Iterable[Summary], min_users: int
) -> Iterator[FeatureRecord]:
    """Yield the records of features that have so many users.

    Args:
        records: of these features, and perhaps of others that came since; those are left out.
        known: the totals of each feature and category.
        min_users: more than 0.
    """
    large = {
        (summary.group["feature_name"], summary.group["category"])
        for summary in known
        if not is_small(summary, min_users)
    }
    return (record for record in records if (record.feature_name, record.category) in large)


def tell_left_out(known: Sequence[Summary], min_users: int) -> None:
    """Say on stderr, whatever the format, how many of the known groups are not shown; nothing if all are."""
    left_out = sum(is_small(summary, min_users) for summary in known)
    if left_out:
        note(f"{left_out} of {len(known)} features left out: fewer than {min_users} users")
