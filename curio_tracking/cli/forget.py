"""forget: one user leaves the records of this machine, and a receipt says what became of it."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    choose_format,
    command_settings,
    examples,
    is_terminal,
    new_file,
    note,
    plugin_host,
    print_object,
    units,
)
from curio_tracking.cli.failures import FAILURE
from curio_tracking.cli.files import OutputFileError
from curio_tracking.cli.standard_input import read_text
from curio_tracking.errors import SettingsError
from curio_tracking.hookspecs import hookimpl

if TYPE_CHECKING:
    from curio_tracking.plugins import PluginHost
    from curio_tracking.settings import Settings

FROM_STDIN: Final = "-"


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `forget`."""
    app.command(
        "forget",
        epilog=examples("forget ada --dry-run", "forget ada --yes --receipt receipt.json", "forget - --yes < id.txt"),
    )(forget)


def forget(
    ctx: typer.Context,
    user: Annotated[
        str,
        typer.Argument(metavar="USER", help="The id that the application knows; - reads it from the standard input."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would go; change nothing.")] = False,
    receipt: Annotated[
        str | None,
        typer.Option("--receipt", metavar="PATH", help="Keep the receipt as JSON in a new file of your own."),
    ] = None,
    format_name: FormatOption = None,
) -> None:
    """Erase one user from the records on this machine.

    Finds the user under all keys and by the plain id: in the store in use and in those of other installed backends in
    the data directory, in rows that cannot be read, too. Applications may run meanwhile: what they hold in memory is
    waited for, ten seconds at most. Afterwards everything is read back. Ends with code 1 if something of the user is
    left or may be; the receipt says what and why. Run it again to complete it. Neither the id nor a pseudonym is
    printed or kept.
    """
    chosen = choose_format(format_name)
    settings, user_id = command_settings(ctx), _user_id(user)
    _refuse_taken(receipt)
    if not (yes or dry_run):
        _ask(user, settings)
    values = _erased(user_id, settings, plugin_host(ctx), receipt, chosen, is_rehearsal=dry_run)
    if receipt is not None:
        note(f"receipt: {receipt}")
    if not values["complete"]:
        raise typer.Exit(FAILURE)


def _erased(
    user_id: str, settings: "Settings", host: "PluginHost", receipt: str | None, chosen: str, *, is_rehearsal: bool
) -> dict[str, Any]:
    """Erase the user, keep the receipt, show it and return it. Nobody can find out later what it says.

    Raises:
        SettingsError: it cannot be kept there; nothing was changed. OutputFileError: it was shown, but not kept.
    """
    # late: every start of the program loads this module
    from curio_tracking.forgetting.erasure import forget as erase

    values: dict[str, Any] = {}
    try:
        with _receipt_file(receipt) as stream:
            values = erase(user_id, settings, host, is_rehearsal=is_rehearsal).as_dict()
            stream.write(json.dumps(values, indent=2).encode() + b"\n")
    except OutputFileError as error:
        if values:
            raise
        raise SettingsError(f"{error}; choose another place for the receipt; nothing was changed") from error
    finally:
        if values:
            print_object(values, COLUMNS, chosen)
            for problem in values["problems"]:
                note(f"error: {problem}")
    return values


def _receipt_file(receipt: str | None) -> AbstractContextManager[BinaryIO]:
    return nullcontext(BytesIO()) if receipt is None else new_file(Path(receipt), replace=False)


def _user_id(given: str) -> str:
    """Return the id; of what is read, one line break at the end is none of it.

    Raises:
        SettingsError: there is none, or more than one line, or what cannot be read.
    """
    try:
        user_id = read_text().removesuffix("\n").removesuffix("\r") if given == FROM_STDIN else given
    except OSError as error:
        raise SettingsError(f"cannot read the standard input: {error.strerror or error}") from error
    except UnicodeError:  # which holds the id
        raise SettingsError("cannot read the standard input: it is no UTF-8 text") from None
    if not user_id or "\n" in user_id:
        raise SettingsError("give the id of one user: as USER, or with - as one line on the standard input")
    return user_id


def _ask(user: str, settings: "Settings") -> None:
    """Let a person at a terminal say yes.

    Raises:
        SettingsError: nobody can be asked. typer.Abort: the answer was no.
    """
    if user == FROM_STDIN or not is_terminal(sys.stdin):
        raise SettingsError("nobody can be asked here: give --yes to erase the user, or --dry-run to see what there is")
    typer.confirm(f"Erase this user for good from {settings.data_dir}?", abort=True, err=True)


def _refuse_taken(receipt: str | None) -> None:
    """Complain of the receipt's name before anything is erased.

    Raises:
        SettingsError: it cannot be written there.
    """
    if receipt is None:
        return
    path = Path(receipt)
    if path.is_symlink() or path.exists():
        raise SettingsError(f"{path} exists already; choose another name for the receipt; nothing was changed")
    if not path.parent.is_dir():
        raise SettingsError(f"{path.parent} is no directory; choose another place for the receipt; nothing was changed")


def _counts(values: dict[str, int] | None) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in (values or {}).items()) or units.MISSING


def _stores(stores: list[dict[str, Any]] | None) -> str:
    return ", ".join(f"{one['backend']}: {one['erased']:,} of {one['found']:,}" for one in stores or ())


def _sentences(said: list[str] | None) -> str:
    return "; ".join(said or ()) or units.MISSING


COLUMNS: Final = (
    Column("complete", "Complete", lambda value: "yes" if value else "no"),
    Column("dry_run", "Dry run: nothing was changed", lambda value: "yes" if value else "no"),
    Column("began", "Began (UTC)", units.moment),
    Column("ended", "Ended (UTC)", units.moment),
    Column("data_dir", "Data directory"),
    Column("found", "Records found", units.count, is_number=True),
    Column("erased", "Rows erased", units.count, is_number=True),
    Column("remaining", "Records still there", units.count, is_number=True),
    Column("keys", "Keys looked under", lambda keys: ", ".join(map(str, keys or ())) or units.MISSING),
    Column("by_key", "Found by key", _counts),
    Column("by_day", "Found by day (UTC)", _counts, is_long=True),
    Column("stores", "Erased by backend", _stores, is_long=True),
    Column("unknown_key_records", "Records of anybody whose key is gone", units.count, is_number=True),
    Column("problems", "Not done", _sentences, is_long=True),
    Column("not_corrected", "Not corrected", _sentences, is_long=True),
    Column("not_reached", "Not reached", _sentences, is_long=True),
)
