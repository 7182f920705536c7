"""doctor: the state of the files of a store, part by part, and their repair; the processes that track into it."""

from typing import Annotated, Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    Session,
    choose_format,
    examples,
    is_for_people,
    note,
    open_session,
    print_rows,
    units,
)
from curio_tracking.cli.failures import FAILURE
from curio_tracking.cli.progress import shown_work
from curio_tracking.health import HEALTH_FIELDS, PROCESS_FIELDS, name_of_process, remarks
from curio_tracking.hookspecs import hookimpl
from curio_tracking.interfaces import SelfMaintaining
from curio_tracking.maintenance import Condition, Finding

STYLES: Final = {
    Condition.ATTENTION: "yellow",
    Condition.DAMAGED: "red",
    "retrying": "yellow",
    "silent": "yellow",
    "killed": "yellow",
    "failed": "red",
}


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `doctor`."""
    app.command(
        "doctor",
        epilog=examples("doctor", "doctor --repair", "doctor --format json", "doctor --processes --format json"),
    )(doctor)


def doctor(
    ctx: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="First repair what can be: the same as maintain, and every rollup checked.")
    ] = False,
    processes: Annotated[
        bool, typer.Option("--processes", help="Show only the processes, in the vocabulary of health().")
    ] = False,
    format_name: FormatOption = None,
) -> None:
    """Show files, sizes, ages and damage of the records on this machine, and the processes that track.

    Looks and changes nothing without --repair. Ends with 1 if something is damaged. Formats for machines show the parts
    of the store or, with --processes, the processes.
    """
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        findings = [] if processes else _examine(session, chosen, is_to_repair=repair)
        if processes or is_for_people(chosen):
            _show_processes(session, chosen, is_second=bool(findings))
    if any(finding.condition is Condition.DAMAGED for finding in findings):
        raise typer.Exit(FAILURE)


def _examine(session: Session, chosen: str, *, is_to_repair: bool) -> list[Finding]:
    """Show the parts of the store, repaired if that is wanted and can be."""
    backend = session.reader.backend
    if not isinstance(backend, SelfMaintaining):
        note(f'the backend "{session.settings.backend}" cannot be examined')
        return []
    if is_to_repair:
        with shown_work() as tell:
            for problem in backend.maintain(tell).failed or ():
                note(f"could not be repaired: {problem}")
    findings = backend.inspect()
    print_rows((finding.as_dict() for finding in findings), LAYOUT, chosen)
    if is_for_people(chosen):
        for finding in findings:
            if finding.advice:
                note(f"{finding.part}: {finding.advice}")
    return findings


def _show_processes(session: Session, chosen: str, *, is_second: bool) -> None:
    found = session.reader.processes()
    if found and is_second:
        typer.echo()
    if found or not is_for_people(chosen):
        print_rows(found, PROCESS_LAYOUT, chosen)
    if is_for_people(chosen):
        for process in found:
            for remark in remarks(process):
                note(f"{name_of_process(process)}: {remark}")


def _style(condition: Any) -> str:
    return STYLES.get(condition, "")


def _sum(counts: dict[str, int] | None) -> str:
    return units.count(sum((counts or {}).values()))


def _nanoseconds(value: float | None) -> str:
    return units.duration(None if value is None else value / 1e9)


LAYOUT: Final = Layout(
    ("part", "condition", "files", "size_bytes", "oldest", "newest", "advice"),
    (
        Column("part", "Part", style=lambda _: "bold"),
        Column("condition", "Condition", style=_style),
        Column("files", "Files", units.count, is_number=True),
        Column("size_bytes", "Size", units.size, is_number=True),
        Column("oldest", "Oldest", rank=1),
        Column("newest", "Newest", rank=1),
    ),
)
PROCESS_LAYOUT: Final = Layout(
    (*PROCESS_FIELDS, *HEALTH_FIELDS),
    (
        Column("process_id", "Process", style=lambda _: "bold"),
        Column("app", "App", rank=2),
        Column("state", "State", style=_style),
        Column("recorded", "Recorded", units.count, is_number=True),
        Column("written", "Written", units.count, is_number=True),
        Column("folded", "Folded", units.count, is_number=True, rank=1),
        Column("dropped", "Dropped", _sum, is_number=True),
        Column("pending", "Pending", units.count, is_number=True),
        Column("errors", "Errors", _sum, is_number=True),
        Column("max_flush", "Longest flush", units.duration, is_number=True, rank=3),
        Column("overhead_ns", "Per call", _nanoseconds, is_number=True, rank=3),
        Column("updated", "Heard of (UTC)", units.moment, rank=2),
    ),
)
