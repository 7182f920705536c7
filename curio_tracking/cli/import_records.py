"""import: records out of a file into the store: exported ones, or those of a TinyFlux database."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from curio_tracking.cli import Session, examples, note, open_session, with_progress
from curio_tracking.errors import PluginError
from curio_tracking.filtering import import_chain
from curio_tracking.hookspecs import hookimpl
from curio_tracking.reader import choose

if TYPE_CHECKING:
    from curio_tracking.importing.delivery import Delivery
    from curio_tracking.importing.draft import Draft
    from curio_tracking.importing.rejections import Rejections
    from curio_tracking.importing.rows import Row
    from curio_tracking.importing.sources import Source

FORMATS: Final = ("jsonl", "csv", "tinyflux")
SOME_REJECTED: Final = 1


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `import`."""
    app.command(
        "import",
        epilog=examples(
            "import records.jsonl",
            "import november.csv --dry-run",
            "import old.csv.gz --format tinyflux --rejected problems.txt",
            "export | ssh other curio-tracking import -",
        ),
    )(import_records)


def import_records(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What to import, plain or gzipped; - is stdin.")],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"One of {', '.join(FORMATS)}. Without it the file's first line tells, else its name.",
            autocompletion=lambda: list(FORMATS),
        ),
    ] = None,
    rejected: Annotated[
        str | None,
        typer.Option("--rejected", metavar="PATH", help="List rejected lines here; by default in FILE.rejected."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Import nothing if a single line is rejected.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count; change nothing, write nothing.")] = False,
) -> None:
    """Add the records of a file to the store, each with its own time.

    Takes what "export" wrote (jsonl, csv) and TinyFlux databases. Records that are in the store already are left out,
    so a file may be imported twice. Lines that are no records are listed with number and reason. All good records
    become visible together or, whatever happens, none. Ends with code 1 when lines were rejected.
    """
    # late: every start of the program loads this module, and only an import needs sqlite3 and gzip
    from curio_tracking.importing.delivery import Delivery
    from curio_tracking.importing.draft import Draft
    from curio_tracking.importing.rejections import SUFFIX, Rejections
    from curio_tracking.importing.sources import open_source

    chosen = choose("format", format_name, FORMATS) if format_name else None
    with open_session(ctx) as session, open_source(file) as source, closing(Draft()) as draft:
        side_file = None if dry_run else Path(rejected or f"{source.name}{SUFFIX}")
        with Rejections(side_file) as rejections:
            work = _Import(session, draft, rejections, is_dry=dry_run)
            work.read(source, chosen)
            delivery = Delivery(draft, session.reader.backend)
            if draft.count and not (strict and rejections.count):
                work.deliver(delivery)
        _report(source.name, rejections, strict=strict)
        note(work.result(delivery))
    if rejections.count:
        raise typer.Exit(SOME_REJECTED)


class _Import:
    """One run: reads a file into a draft, then brings the draft into the store."""

    def __init__(self, session: Session, draft: "Draft", rejections: "Rejections", *, is_dry: bool) -> None:
        self._filters = import_chain(session.settings, session.host, is_rehearsal=is_dry)
        self._is_dry = is_dry
        self._draft = draft
        self._rejections = rejections
        self._taken = 0
        self._left_out = 0

    def read(self, source: "Source", format_name: str | None) -> None:
        """Take every good row into the draft, as the filters leave it."""
        from curio_tracking.importing.formats import rows_of

        rows = rows_of(source, format_name)
        for row in with_progress(rows, "reading", total=source.size, position=source.position):
            self._take(row)
        self._draft.flush()

    def _take(self, row: "Row") -> None:
        if row.record is None:
            self._rejections.add(row.line, row.problem)
            return
        try:
            record = self._filters.apply(row.record)
        except PluginError as error:
            self._rejections.add(row.line, str(error))
            return
        if record is None:
            self._left_out += 1
            return
        try:
            self._draft.add(record)
        except (ValueError, TypeError):
            self._rejections.add(row.line, "what a filter made of it cannot be stored")
            return
        self._taken += 1

    def deliver(self, delivery: "Delivery") -> None:
        """Bring the draft into the store, or only compare the two."""

        def watch(batches: Iterator[Iterable[object]]) -> Iterator[Iterable[object]]:
            doing = "comparing" if self._is_dry else "importing"
            return with_progress(batches, doing, total=self._draft.count, position=lambda: delivery.seen, step=1)

        work: Callable[..., None] = delivery.compare if self._is_dry else delivery.run
        work(watch)

    def result(self, delivery: "Delivery") -> str:
        """Return the one line that says what became of the file."""
        known = delivery.known + self._taken - self._draft.count
        text = f"imported {delivery.new:,}, already there {known:,}, rejected {self._rejections.count:,}"
        if self._left_out:
            text += f", left out by the filters {self._left_out:,}"
        return f"{text} (dry run: nothing was changed)" if self._is_dry else text


def _report(name: str, rejections: "Rejections", *, strict: bool) -> None:
    for line, reason in rejections.first:
        note(f"{name}:{line}: {reason}")
    more = rejections.count - len(rejections.first)
    if more:
        note(f"... and {more:,} more")
    if rejections.path:
        note(f"all rejected lines are listed in {rejections.path}")
    if strict and rejections.count:
        note("nothing was imported: --strict takes a file with rejected lines as a whole or not at all")
