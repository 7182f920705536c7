"""key: the keys under which user and session ids become pseudonyms: which there are, and a new one."""

from datetime import UTC, datetime
from typing import Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    choose_format,
    command_settings,
    is_for_people,
    note,
    print_rows,
    units,
)
from curio_tracking.cli.groups import add_group
from curio_tracking.hookspecs import hookimpl


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `key`."""
    add_group(
        app,
        "key",
        _keys,
        {"list": (list_all, ("key list", "key list --format json")), "rotate": (rotate, ("key rotate",))},
    )


def _keys() -> None:
    """The keys that pseudonyms of users and sessions are made with."""


def list_all(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """List the keys by number, the newest first; never the keys themselves.

    The newest usable one is in use for new records; the others are kept so that older records can be found and erased.
    """
    # late: every start of the program loads this module
    from curio_tracking.forgetting.key_files import list_keys

    chosen = choose_format(format_name)
    states = list_keys(command_settings(ctx).data_dir)
    newest = next((state.number for state in states if state.problem is None), None)
    rows: list[dict[str, Any]] = [
        {
            "number": state.number,
            "created": None if state.created is None else _text_of(state.created),
            "state": state.problem or ("in use" if state.number == newest else "kept"),
        }
        for state in states
    ]
    if not print_rows(rows, LAYOUT, chosen) and is_for_people(chosen):
        note("there is no key yet; the first record of a user or session makes one")


def rotate(ctx: typer.Context) -> None:
    """Make a new key for new records; the ones before it stay, so that forget and --user go on finding their records.

    Applications take the new key when they start; one that runs goes on with its own until it ends. A user counts
    twice among distinct users where records under both keys are counted together.
    """
    from curio_tracking.forgetting.key_files import list_keys, rotate_key

    settings = command_settings(ctx)
    damaged = [state for state in list_keys(settings.data_dir) if state.problem is not None]
    number = rotate_key(settings.data_dir)
    note(f"key {number} is made; applications use it from their next start on")
    for state in damaged:
        note(f"key {state.number} cannot be used and was left as it is: {state.problem}")
    if not settings.anonymize:
        note("FEATURE_TRACKING_ANONYMIZE is false: ids are stored as they are, and no key is used")


def _text_of(moment: float) -> str | None:
    try:
        return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # files may be older or younger than any datetime
        return None


_COLUMNS: Final = (
    Column("number", "Key", units.count, is_number=True),
    Column("created", "Created (UTC)", units.moment),
    Column("state", "State", is_long=True),
)
LAYOUT: Final = Layout(tuple(column.key for column in _COLUMNS), _COLUMNS)
