"""Small groups: statistics about so few users that they tell something about somebody, left out where asked.

A group is shown only if it certainly has that many users. What nobody called tells nothing about anybody, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curio_tracking.cli.output import note

if TYPE_CHECKING:
    from curio_tracking.summaries import Summary

MinUsersOption = Annotated[
    int,
    typer.Option(
        "--min-users",
        metavar="K",
        min=0,
        show_default=False,
        help="Leave out statistics about fewer than K different users, for figures that are passed on. Calls without "
        "a user count as nobody's.",
    ),
]


def is_small(summary: Summary, min_users: int) -> bool:
    """Whether a group has calls, and perhaps fewer than so many users.

    Args:
        summary: the totals of the group.
        min_users: 0 for no limit.
    """
    return summary.weight > 0 and summary.users.least() < min_users


def tell_left_out(left_out: int, known: int, min_users: int) -> None:
    """Say on stderr, whatever the format, how many of the known groups are not shown; nothing if all are."""
    if left_out:
        note(f"{left_out} of {known} features left out: fewer than {min_users} users")
