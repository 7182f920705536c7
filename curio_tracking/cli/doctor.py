"""doctor: the state of the files of a store, part by part, and their repair."""

from typing import Annotated, Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
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
from curio_tracking.hookspecs import hookimpl
from curio_tracking.interfaces import SelfMaintaining
from curio_tracking.maintenance import Condition, Finding

STYLES: Final = {Condition.ATTENTION: "yellow", Condition.DAMAGED: "red"}


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `doctor`."""
    app.command("doctor", epilog=examples("doctor", "doctor --repair", "doctor --format json"))(doctor)


def doctor(
    ctx: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="First repair what can be: the same as maintain, and every rollup checked.")
    ] = False,
    format_name: FormatOption = None,
) -> None:
    """Show files, sizes, ages and damage of the records on this machine.

    Looks and changes nothing without --repair. Ends with 1 if something is damaged.
    """
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        backend = session.reader.backend
        if not isinstance(backend, SelfMaintaining):
            note(f'the backend "{session.settings.backend}" cannot be examined')
            return
        if repair:
            with shown_work() as tell:
                for problem in backend.maintain(tell).failed or ():
                    note(f"could not be repaired: {problem}")
        findings = backend.inspect()
        print_rows((finding.as_dict() for finding in findings), LAYOUT, chosen)
        if is_for_people(chosen):
            _advise(findings)
    if any(finding.condition is Condition.DAMAGED for finding in findings):
        raise typer.Exit(FAILURE)


def _advise(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.advice:
            note(f"{finding.part}: {finding.advice}")


def _style(condition: Any) -> str:
    return STYLES.get(condition, "")


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
