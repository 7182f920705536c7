"""maintain: everything that keeps a store small and quick, now instead of in the writer's quiet moments."""

from typing import Final

import typer

from curio_tracking.cli import Column, FormatOption, choose_format, examples, note, open_session, print_object, units
from curio_tracking.cli.failures import FAILURE
from curio_tracking.cli.progress import shown_work
from curio_tracking.hookspecs import hookimpl
from curio_tracking.interfaces import SelfMaintaining


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `maintain`."""
    app.command("maintain", epilog=examples("maintain", "--data-dir ./data maintain --format json"))(maintain)


def maintain(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """Compress, count and tidy up the records on this machine.

    Mends what killed processes left, counts sealed segments in the rollups of days and months, compresses them, and
    removes records that are older than FEATURE_TRACKING_RETENTION_DAYS (their totals stay). Applications do the same
    in quiet moments; this is for those that never have one. Safe while they run, and safe to interrupt.
    """
    chosen = choose_format(format_name)
    with open_session(ctx) as session:
        backend = session.reader.backend
        if not isinstance(backend, SelfMaintaining):
            note(f'the backend "{session.settings.backend}" needs no maintenance')
            return
        with shown_work() as tell:
            report = backend.maintain(tell)
        print_object(report.as_dict(), COLUMNS, chosen)
    if report.failed:
        raise typer.Exit(FAILURE)


COLUMNS: Final = (
    Column("done", "Pieces of work done", units.count, is_number=True),
    Column("failed", "Not done", lambda failed: "; ".join(failed) or "-", is_long=True),
    Column("bytes_before", "Size before", units.size, is_number=True),
    Column("bytes_after", "Size after", units.size, is_number=True),
)
