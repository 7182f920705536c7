"""Commands that each break one promise, and the test that has to notice. `test_command_contract` runs it."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable

import rich
import typer
from suites import Suites

from curio_tracking import hookimpl
from curio_tracking.cli import FormatOption, json_text, open_session, visible
from curio_tracking.queries import RecordQuery
from curio_tracking.settings import load_settings
from curio_tracking.testing import CommandContract, make_record

Command = Callable[..., None]
SUITES = Suites(
    globals(),
    CommandContract,
    lambda broken: {"command": lambda: _name(broken)},
    plugin_module="broken_commands",
)
COMMANDS: list[Command] = []


def _name(command: Command) -> str:
    return command.__name__.replace("_", "-")


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    for command in COMMANDS:
        context = {"ignore_unknown_options": True, "allow_extra_args": True} if command is takes_any_option else {}
        app.command(_name(command), context_settings=context)(command)


def caught_by(test: str) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        COMMANDS.append(command)
        return SUITES.caught_by_test(test)(command)

    return add


def names(ctx: typer.Context) -> list[str]:
    with open_session(ctx) as session:
        return [record.feature_name for record in session.reader.records(RecordQuery())]


def show(ctx: typer.Context) -> None:
    for name in names(ctx):
        typer.echo(visible(name))


def sound_command(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """Show the names of all features."""
    if format_name == "json":
        typer.echo(json_text(names(ctx), sys.stdout))
    elif format_name == "jsonl":
        typer.echo("".join(json_text({"name": name}, sys.stdout) + "\n" for name in names(ctx)), nl=False)
    else:
        show(ctx)


COMMANDS.append(sound_command)
SUITES.sound(sound_command)


# -- help -----------------------------------------------------------------------------------------------------------


@caught_by("test_help_says_in_a_sentence_what_it_does")
def says_nothing(ctx: typer.Context) -> None:
    show(ctx)


def is_loud() -> None:
    """Stand for the command of that name in `loud_command`, which prints when it is imported."""


LOUD = Suites(globals(), CommandContract, lambda broken: {"command": lambda: "is-loud"}, plugin_module="loud_command")
LOUD.caught_by_test("test_starts_without_a_word_in_a_process_of_its_own")(is_loud)


# -- refusing -------------------------------------------------------------------------------------------------------


@caught_by("test_unknown_option_is_a_usage_error")
def takes_any_option(ctx: typer.Context) -> None:
    """Show names."""
    show(ctx)


@caught_by("test_unknown_backend_is_said_once")
def opens_its_own_store(ctx: typer.Context) -> None:
    """Show names of the store that the environment names."""
    load_settings(strict=True)


@caught_by("test_unknown_backend_is_said_once")
def has_a_message_of_its_own(ctx: typer.Context) -> None:
    """Show names."""
    try:
        show(ctx)
    except Exception as error:
        logging.getLogger("curio_tracking").warning("%s", error)
        raise


@caught_by("test_store_that_is_none_is_said_in_words")
def expects_a_directory(ctx: typer.Context) -> None:
    """Show nothing."""
    with open_session(ctx) as session:
        assert not session.settings.data_dir.is_file()


# -- answering ------------------------------------------------------------------------------------------------------


@caught_by("test_empty_store_is_no_error")
def shows_the_last(ctx: typer.Context) -> None:
    """Show the newest name."""
    typer.echo(names(ctx)[0])


@caught_by("test_records_are_no_error")
def exits_with_the_count(ctx: typer.Context) -> None:
    """Count names."""
    raise typer.Exit(len(names(ctx)))


@caught_by("test_root_options_name_the_store")
def reads_the_environment(ctx: typer.Context) -> None:
    """Show the directory of the store."""
    typer.echo(os.path.exists(os.environ["FEATURE_TRACKING_DATA_DIR"]))


# -- output ---------------------------------------------------------------------------------------------------------


@caught_by("test_hostile_names_steer_no_terminal")
def prints_names_raw(ctx: typer.Context) -> None:
    """Show names."""
    for name in names(ctx):
        print(name)


@caught_by("test_names_are_not_read_as_markup")
def prints_with_rich(ctx: typer.Context) -> None:
    """Show names."""
    for name in names(ctx):
        rich.print(visible(name))


@caught_by("test_names_with_broken_markup_are_no_error")
def prints_with_strict_rich(ctx: typer.Context) -> None:
    """Show names."""
    for name in names(ctx):
        rich.print(visible(name))


@caught_by("test_output_of_another_encoding_is_no_error")
def encodes_strictly(ctx: typer.Context) -> None:
    """Show names."""
    for name in names(ctx):
        visible(name).encode(sys.stdout.encoding)


@caught_by("test_closed_pipe_is_no_error")
def reports_every_error(ctx: typer.Context) -> None:
    """Show names."""
    try:
        show(ctx)
        sys.stdout.flush()
    except OSError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None


@caught_by("test_json_is_json_also_of_hostile_names")
def writes_json_by_hand(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """Show names."""
    typer.echo("[" + ", ".join(f'"{name}"' for name in names(ctx)) + "]")


@caught_by("test_lines_of_json_are_json_also_of_hostile_names")
def writes_one_object_for_lines(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """Show names."""
    typer.echo(json.dumps(names(ctx), indent=2))


@caught_by("test_json_of_an_empty_store_is_json")
def remarks_on_stdout(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """Show names."""
    typer.echo(json.dumps(found) if (found := names(ctx)) else "no records yet")


# -- leaving --------------------------------------------------------------------------------------------------------


@caught_by("test_reading_an_empty_store_creates_nothing")
def creates_the_directory(ctx: typer.Context) -> None:
    """Show the directory of the store."""
    with open_session(ctx) as session:
        session.settings.data_dir.mkdir(exist_ok=True)


@caught_by("test_reading_changes_nothing_in_the_store")
def appends_a_record(ctx: typer.Context) -> None:
    """Count the runs of this command."""
    with open_session(ctx) as session:
        session.reader.backend.append([make_record(50)])


CAUGHT_BY = SUITES.caught_by | LOUD.caught_by
