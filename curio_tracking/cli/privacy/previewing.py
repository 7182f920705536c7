"""privacy preview: what each filter does to a record, for calls made up for it and for records that are stored."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    Session,
    choose_format,
    explain_nothing,
    is_for_people,
    note,
    open_session,
    print_rows,
    units,
    with_progress,
)
from curio_tracking.cli.options import countable

if TYPE_CHECKING:
    from curio_tracking.previewing.tracing import Change, Trace

DEFAULT_LIMIT: Final = 5
LONGEST: Final = 60
"""Characters of a value in the formats for people."""
STYLES: Final = {"changed": "yellow", "dropped": "red", "failed": "red"}


def preview(
    ctx: typer.Context,
    feature: Annotated[
        str | None, typer.Argument(metavar="FEATURE", help="Only stored records of this feature.", show_default=False)
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Show made-up calls instead of stored records.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=0,
            callback=countable,
            help=f"At most so many; 0 for all. By default {DEFAULT_LIMIT} stored records, or all samples.",
        ),
    ] = None,
    format_name: FormatOption = None,
) -> None:
    """Show a record before and after each filter.

    With --sample, made-up calls pass through the filters as the settings have them: what each one changes, shortens
    or drops, in their order. Of stored records only what the filters have left exists; what there was before is kept
    nowhere. So without --sample the newest records pass through the filters once more. Usually nothing changes. Where
    something does, the settings (or the version) have changed since, and new records are stored as shown; those in
    the store stay as they are. Stores nothing.
    """
    # late: every start of the program loads this module, and only this command needs them
    from curio_tracking.previewing.rehearsal import steps_for_calls, steps_for_stored
    from curio_tracking.previewing.samples import sample_records
    from curio_tracking.previewing.tracing import trace

    if sample and feature:
        raise typer.BadParameter("choose one of FEATURE and --sample: the samples have features of their own")
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        where = session.reader.where(feature_name=feature, limit=DEFAULT_LIMIT if limit is None else limit)
        records = sample_records(session.settings) if sample else session.reader.records(where)
        steps = (steps_for_calls if sample else steps_for_stored)(session.settings, session.host)
        wanted = islice(records, (limit or None) if sample else None)
        traces = [trace(record, steps) for record in with_progress(wanted, "filtering")]
        print_rows(_rows(traces, chosen), LAYOUT, chosen)
        if not traces:
            explain_nothing(session, where, chosen)
        elif is_for_people(chosen):
            _remark(session, traces, {step.name for step in steps}, are_stored=not sample)


def _rows(traces: "Iterable[Trace]", format_name: str) -> Iterator[dict[str, Any]]:
    """Yield one row per record where rows may hold others, elsewhere one per change."""
    for one in traces:
        if format_name in ("json", "jsonl"):
            yield one.as_dict()
            continue
        record = {"record_id": one.before["record_id"], "feature_name": one.feature_name}
        for passage in one.passages:
            did = {"filter": passage.filter_name, "outcome": passage.outcome.value}
            for change in passage.changes or (None,):
                yield record | did | _sides(change)


def _sides(change: "Change | None") -> dict[str, Any]:
    """Return the columns of a change; empty ones where a filter has changed nothing."""
    if change is None:
        return {}
    return {"field": change.field} | {name: json.dumps(value, ensure_ascii=False, default=str)
        for name, value in change.as_dict().items() if name != "field"}  # fmt: skip


def _remark(session: Session, traces: "list[Trace]", used: set[str], *, are_stored: bool) -> None:
    idle = [name for name in session.host.filters if name not in used]
    if idle and not are_stored:
        note(f"not in use with these settings: {', '.join(idle)}")
    if are_stored:
        changed = sum(1 for one in traces if one.is_changed)
        note(
            f"{changed} of {len(traces)} stored records would be stored otherwise today"
            if changed
            else f"nothing changes in the {len(traces)} records: they were stored through these filters; "
            "--sample shows what the filters do"
        )


def _shortened(value: Any) -> str:
    text = units.text(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _style(outcome: Any) -> str:
    return STYLES.get(str(outcome), "")


LAYOUT: Final = Layout(
    ("record_id", "feature_name", "filter", "outcome", "field", "before", "after"),
    (
        Column("feature_name", "Feature", style=lambda _: "bold", is_long=True),
        Column("filter", "Filter"),
        Column("outcome", "Outcome", style=_style),
        Column("field", "Field", is_long=True),
        Column("before", "Before", _shortened, is_long=True),
        Column("after", "After", _shortened, is_long=True),
    ),
)
