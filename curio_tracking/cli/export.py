"""export: all matching records, as JSON lines, CSV or a plugin's format, to a file or to stdout."""

import codecs
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final, TextIO, cast

import typer
from typer.core import TyperCommand

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
    plugin_host,
    visible,
    with_progress,
)
from curio_tracking.cli.small_groups import MinUsersOption, of_many_users, tell_left_out
from curio_tracking.errors import CurioError
from curio_tracking.hookspecs import hookimpl
from curio_tracking.reader import choose
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tables import write_csv

if TYPE_CHECKING:
    from curio_tracking.hookspecs import RegisterExporter

STDOUT: Final = "-"


class ExportCommand(TyperCommand):
    """Names the formats of the installed plugins in its help, which is known only once those are loaded."""

    def get_help(self, ctx: Any) -> str:
        """Return the help."""
        for parameter in self.params:
            if parameter.name == "format_name":
                parameter.help = f"{', '.join(map(visible, _formats(ctx)))}; plugins may add theirs."  # type: ignore[attr-defined]
        return str(super().get_help(ctx))


def _formats(ctx: typer.Context) -> list[str]:
    """Return the names of the formats, the built-in ones first."""
    return list(plugin_host(ctx).file_writers)


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `export`."""
    app.command(
        "export",
        cls=ExportCommand,
        epilog=examples(
            "export --output records.jsonl",
            "export --format csv --since 30d --output november.csv",
            "export --feature my_feature --status failed | wc -l",
            "export --min-users 5 --format csv --output to-pass-on.csv",
        ),
    )(export)


@hookimpl
def curio_register_exporters(register: "RegisterExporter") -> None:
    """Offer the formats jsonl and csv."""
    register("jsonl", file_writer=_write_jsonl)
    register("csv", file_writer=_write_csv)


def export(
    ctx: typer.Context,
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="Write to this file, for its owner only; - is stdout.")
    ] = STDOUT,
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="The format; --help names those of the installed plugins.",
            autocompletion=_formats,
        ),
    ] = "jsonl",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    feature: FeatureOption = None,
    category: CategoryOption = None,
    status: StatusOption = None,
    user: UserOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    min_users: MinUsersOption = 0,
) -> None:
    """Write all records, newest first, with every field.

    jsonl keeps the records exactly, one JSON object per line. csv is for spreadsheets: it has a header, and a quote
    mark before cells that a spreadsheet would take for a formula. The file appears when it is complete.
    """
    writers = plugin_host(ctx).file_writers
    write = writers[choose("format", format_name, tuple(writers))].factory
    with open_session(ctx) as session:
        where = session.reader.where(
            feature_name=feature, category=category, status=status, user_id=user, since=since, until=until
        )
        records = session.reader.records(where)
        known = session.reader.features(where) if min_users else []
        if min_users:
            records = of_many_users(records, known, min_users)
        if output != STDOUT or not is_terminal(sys.stdout):  # a bar between lines of data would garble both
            records = with_progress(records, "exporting")
        with _target(output, replace=force) as stream:
            count = write(records, stream)
    tell_left_out(known, min_users)
    if output != STDOUT:
        note(f"{count:,} records written to {output}")


def _target(output: str, *, replace: bool) -> AbstractContextManager[BinaryIO]:
    if output != STDOUT:
        return new_file(Path(output), replace=replace)
    if sys.stdout is None:  # closed by the caller: there is nobody to read, and no reason to fail
        return Path(os.devnull).open("wb")
    return nullcontext(cast("BinaryIO", _Terminal()) if is_terminal(sys.stdout) else sys.stdout.buffer)


class _Terminal(io.RawIOBase):
    """A terminal to which only text goes, with control characters in visible form."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Write encoded text.

        Raises:
            CurioError: it is no text.
        """
        try:
            text = self._decoder.decode(bytes(data))
        except UnicodeDecodeError:
            raise CurioError("this format is not for a terminal; name a file with --output") from None
        sys.stdout.write(visible(text, keep="\r\n\t"))
        return len(data)


@contextmanager
def _text(stream: BinaryIO) -> Iterator[TextIO]:
    """Give the stream as one that takes text; it stays open, whatever happens."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")  # both formats end their lines themselves
    try:
        yield text
        text.flush()
    finally:
        with suppress(OSError, CurioError, ValueError):
            text.detach()


def _write_jsonl(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    count = 0
    with _text(stream) as text:
        for record in records:
            text.write(json_text(record.as_dict(), text) + "\n")
            count += 1
    return count


def _write_csv(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    with _text(stream) as text:
        return write_csv(records, text)
