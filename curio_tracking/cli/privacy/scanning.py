"""privacy scan: the store searched for what should not be in it; for people, and for CI with --strict."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    LimitOption,
    Session,
    choose_format,
    is_for_people,
    note,
    open_session,
    print_rows,
    units,
    with_progress,
)
from curio_tracking.cli.failures import FAILURE
from curio_tracking.cli.progress import shown_work
from curio_tracking.cli.standard_input import read_text
from curio_tracking.errors import CurioError
from curio_tracking.queries import RecordQuery
from curio_tracking.queues import await_queues

if TYPE_CHECKING:
    from curio_tracking.leaks.scanning import Leak, Scan

DEFAULT_LIMIT: Final = 50
STDIN: Final = "-"


class CanaryFileError(CurioError):
    """A file of canaries cannot be read."""

    exit_code = 2


def scan(
    ctx: typer.Context,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 if anything is found, or cannot be searched: for CI.")
    ] = False,
    canary: Annotated[
        list[str] | None,
        typer.Option(
            "--canary",
            metavar="TEXT",
            help="Search for this text, too; may be repeated. Others on this machine can read a command line: "
            "--canary-file keeps it from them.",
        ),
    ] = None,
    canary_file: Annotated[
        str | None,
        typer.Option("--canary-file", metavar="PATH", help="Search for each line of this file; - is stdin."),
    ] = None,
    limit: LimitOption = DEFAULT_LIMIT,
    format_name: FormatOption = None,
) -> None:
    """Search what is stored for secrets and given texts (canaries).

    Looks through all records for what the filter redact would replace: values that look like secrets or stand under
    the name of one, and mail addresses. Canaries are searched in the records and in every file of the data directory,
    quarantine and rollups included: plain, in base64, in hex, encoded for a URL, and in compressed files. Says where
    something is, never what; what it shows is safe to keep in a log. Changes nothing. Applications may run meanwhile:
    what they hold in memory is waited for, ten seconds at most.
    """
    # late: every start of the program loads this module, and the filters' patterns take a while to be compiled
    from curio_tracking.leaks.canaries import CanarySearch
    from curio_tracking.leaks.scanning import Scan
    from curio_tracking.leaks.secrets import SecretSearch

    chosen = choose_format(format_name)
    canaries = CanarySearch([*(canary or ()), *_lines_of(canary_file)])
    with open_session(ctx) as session:
        secrets = SecretSearch(also=session.settings.redact, exactly=session.settings.exclude)
        search = Scan(canaries, secrets)
        held = await_queues(session.settings.data_dir, "scan again")
        search.problems += [f"cannot be searched: {text}" for text in held]
        leaks = _leaks(session, search)
        shown = list(islice(leaks, limit or None))
        more = sum(1 for _ in leaks)
        print_rows((leak.as_dict() for leak in shown), LAYOUT, chosen)
    _remark(search, len(shown), more, is_wanted=is_for_people(chosen))
    if strict and (shown or search.problems):
        raise typer.Exit(FAILURE)


def _leaks(session: Session, search: "Scan") -> Iterator["Leak"]:
    records = session.reader.records(RecordQuery())
    yield from search.records(with_progress(records, "searching records"))
    with shown_work() as tell:
        yield from search.files(session.settings.data_dir, tell)


def _lines_of(path: str | None) -> list[str]:
    """Return the canaries in a file; the first and last line of a private key are those of every other one.

    Raises:
        CanaryFileError: it cannot be read, or there is nothing in it.
    """
    if path is None:
        return []
    try:
        # utf-8-sig: with a byte order mark in front, the first canary would be found nowhere
        text = read_text() if path == STDIN else Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CanaryFileError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeError:  # which holds the text
        raise CanaryFileError(f"cannot read {path}: it is no UTF-8 text") from None
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("-----")]
    if not found:
        raise CanaryFileError(f"there is no canary in {path}; write one per line")
    return found


def _remark(search: "Scan", shown: int, more: int, *, is_wanted: bool) -> None:
    for problem in search.problems:
        note(problem)
    if not is_wanted:
        return
    if not shown:
        note(f"nothing found in {search.records_searched:,} records and {search.files_searched:,} files")
    if more:
        note(f"{shown:,} of {shown + more:,} findings; --limit 0 shows all")


LAYOUT: Final = Layout(
    ("found", "encoding", "length", "feature_name", "record_id", "field", "file", "offset"),
    (
        Column("found", "Found", style=lambda _: "bold"),
        Column("encoding", "Written", rank=3),
        Column("length", "Length", units.count, is_number=True, rank=4),
        Column("feature_name", "Feature", is_long=True, rank=1),
        Column("field", "Field", is_long=True, rank=1),
        Column("record_id", "Record", rank=2),
        Column("file", "File", is_long=True, rank=1),
        Column("offset", "Offset (bytes)", units.count, is_number=True, rank=2),
    ),
)
