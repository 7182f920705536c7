"""export: all matching records, as JSON lines or CSV, to a file or to stdout."""

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Final, TextIO, cast

import typer

from curio_tracking.cli import (
    CategoryOption,
    FeatureOption,
    SinceOption,
    StatusOption,
    UntilOption,
    UserOption,
    examples,
    is_terminal,
    json_text,
    new_file,
    note,
    open_session,
    visible,
    with_progress,
)
from curio_tracking.hookspecs import hookimpl
from curio_tracking.reader import choose
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tables import write_csv

STDOUT: Final = "-"


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `export`."""
    app.command(
        "export",
        epilog=examples(
            "export --output records.jsonl",
            "export --format csv --since 30d --output november.csv",
            "export --feature my_feature --status failed | wc -l",
        ),
    )(export)


def export(
    ctx: typer.Context,
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="Write to this file, for its owner only; - is stdout.")
    ] = STDOUT,
    format_name: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="One of jsonl, csv.", autocompletion=lambda: list(WRITERS)),
    ] = "jsonl",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    feature: FeatureOption = None,
    category: CategoryOption = None,
    status: StatusOption = None,
    user: UserOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Write all records, newest first, with every field.

    jsonl keeps the records exactly, one JSON object per line. csv is for spreadsheets: it has a header, and a quote
    mark before cells that a spreadsheet would take for a formula. The file appears when it is complete.
    """
    write = WRITERS[choose("format", format_name, tuple(WRITERS))]
    with open_session(ctx) as session:
        where = session.reader.where(
            feature_name=feature, category=category, status=status, user_id=user, since=since, until=until
        )
        records = session.reader.records(where)
        if output != STDOUT or not is_terminal(sys.stdout):  # a bar between lines of data would garble both
            records = with_progress(records, "exporting")
        with _target(output, replace=force) as stream:
            count = write(records, stream)
    if output != STDOUT:
        note(f"{count:,} records written to {output}")


def _target(output: str, *, replace: bool) -> AbstractContextManager[TextIO]:
    if output != STDOUT:
        return new_file(Path(output), replace=replace)
    return nullcontext(cast("TextIO", _TerminalText(sys.stdout)) if is_terminal(sys.stdout) else sys.stdout)


class _TerminalText:
    """A terminal to which control characters go in visible form only."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        """Write text."""
        return self._stream.write(visible(text, keep="\r\n\t"))


def _write_jsonl(records: Iterable[FeatureRecord], stream: TextIO) -> int:
    count = 0
    for record in records:
        stream.write(json_text(record.as_dict(), stream) + "\n")
        count += 1
    return count


WRITERS: Final[dict[str, Callable[[Iterable[FeatureRecord], TextIO], int]]] = {
    "jsonl": _write_jsonl,
    "csv": write_csv,
}
