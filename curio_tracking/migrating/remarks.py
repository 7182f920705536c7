"""Remarks: what a person should know of a migration besides its figures, in sentences; a surface prints them."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Final

from curio_tracking.records import iso_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.migrating.outcome import Outcome
    from curio_tracking.migrating.survey import Survey
    from curio_tracking.settings import Settings

MOST_SHOWN: Final = 10


def beforehand(found: Survey, source: Settings) -> Iterator[str]:
    """Yield what is to be said of a source before anything is copied."""
    name = source.backend
    if not found.total.weight:
        yield f"nothing to migrate: {name} holds no records in {source.data_dir}"
    if found.gone.weight:
        last = f"until {iso_time(found.gone.last_us)[:10]} " if found.gone.last_us is not None else ""
        yield (
            f"{found.gone.weight:,.0f} calls {last}are known to {name} by their totals alone, because their records "
            f"were removed; only records can be copied"
        )
    if found.unreadable:
        yield f"{found.unreadable:,} rows of {name} are no records; they cannot be copied"


def problems(outcome: Outcome, *, is_rehearsal: bool) -> Iterator[str]:
    """Yield what is wrong, the first few of many, and what to do about it; nothing if all is well."""
    target, wrong = outcome.target, [*map(str, outcome.mismatches), *outcome.differences]
    yield from (f"{target}: {problem}" for problem in wrong[:MOST_SHOWN])
    if len(wrong) > MOST_SHOWN:
        yield f"... and {len(wrong) - MOST_SHOWN:,} more"
    if wrong and is_rehearsal:
        yield f"{target} holds other records under these ids; they would stay as they are"
    elif wrong:
        yield (
            f"{target} does not hold what {outcome.source} does; keep {outcome.source}, which is unchanged, and run "
            f"the same command again; if the same is said again, {target} cannot keep these records or holds other "
            f"ones under their ids"
        )


def not_taken(outcome: Outcome) -> Iterator[str]:
    """Yield what stays behind, and why."""
    left = [f"{outcome.lost_calls:,} calls that are known by their totals alone"] if outcome.lost_calls else []
    left += [f"{outcome.lost_rows:,} rows that are no records"] if outcome.lost_rows else []
    if left:
        yield f"left behind in {outcome.source}: {' and '.join(left)}; keep its files if you need them"
    if outcome.left_out:
        yield (
            f"left out: {outcome.left_out:,} records of days whose records {outcome.target} has removed; it still "
            f"counts their calls, and would count them twice"
        )


def advice(outcome: Outcome, target: Settings, configured: Settings) -> Iterator[str]:
    """Yield that all is well, and how applications come to use the target if they do not yet.

    Args:
        outcome: a good one.
        target, configured: where the records are now, and what the settings say.
    """
    same = f"with the same checksum, {outcome.arrived.text}"
    yield f"all {outcome.sent.records:,} records are in {outcome.target}, {same}; {outcome.source} is unchanged"
    wanted = [f"FEATURE_TRACKING_BACKEND={target.backend}"] if target.backend != configured.backend else []
    if target.data_dir.resolve() != configured.data_dir.resolve():
        wanted.append(f"FEATURE_TRACKING_DATA_DIR={quote(str(target.data_dir))}")
    if wanted:
        yield (
            f"to use it, set {' and '.join(wanted)} and start applications again; then run this command again for "
            f"what they have recorded meanwhile"
        )
