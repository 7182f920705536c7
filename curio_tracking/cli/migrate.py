"""migrate: the records of one backend into another, checked on arrival."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    choose_format,
    command_settings,
    examples,
    is_for_people,
    note,
    plugin_host,
    print_object,
    units,
    with_progress,
)
from curio_tracking.cli.failures import FAILURE
from curio_tracking.cli.progress import ReadingBar
from curio_tracking.errors import SettingsError
from curio_tracking.hookspecs import hookimpl
from curio_tracking.interfaces import Explaining
from curio_tracking.plugins import normal_name
from curio_tracking.runtime import make_backend

if TYPE_CHECKING:
    from curio_tracking.migrating.migration import Migration
    from curio_tracking.migrating.outcome import Outcome
    from curio_tracking.migrating.sides import Side
    from curio_tracking.settings import Settings

EPHEMERAL: Final = "memory"
"""Keeps nothing when this process ends: there is nothing to take from it, and nothing would stay in it."""


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `migrate`."""
    app.command(
        "migrate",
        epilog=examples(
            "migrate --from tinyflux --to csv",
            "migrate --from csv --to tinyflux --dry-run",
            "migrate --from tinyflux --to tinyflux --from-dir old --to-dir new",
        ),
    )(migrate)


def migrate(
    ctx: typer.Context,
    source: Annotated[str, typer.Option("--from", metavar="NAME", help="The backend that has the records.")],
    target: Annotated[str, typer.Option("--to", metavar="NAME", help="The backend that shall have them.")],
    from_dir: Annotated[
        str | None, typer.Option("--from-dir", metavar="DIR", help="Its data directory; by default the one in use.")
    ] = None,
    to_dir: Annotated[
        str | None, typer.Option("--to-dir", metavar="DIR", help="Its data directory; by default the one in use.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare and count; change nothing, write nothing.")
    ] = False,
    format_name: FormatOption = None,
) -> None:
    """Copy all records from one backend into another, and check that they arrived.

    Every record goes over as it is; what is there already is left out. All of them are read back and compared by
    number and checksum, and the statistics of both stores with each other. The source stays as it is. Whenever it ends
    early, run the same command again: it completes what is there. Ends with code 1 if anything differs.

    Records that applications write meanwhile may be left out. So first let them use the new backend, then migrate.
    """
    chosen = choose_format(format_name)
    sides = (_settings(ctx, source, from_dir), _settings(ctx, target, to_dir, durability="fsync"))
    _refuse_useless(*sides)
    work = _Work(ctx, *sides, is_dry=dry_run)
    outcome = work.run()
    print_object(outcome.as_dict(), COLUMNS, chosen)
    work.say_after(outcome, is_read=is_for_people(chosen))
    if not outcome.is_good:
        raise typer.Exit(FAILURE)


def _settings(ctx: typer.Context, backend: str, data_dir: str | None, **more: Any) -> "Settings":
    # without a directory of its own a side has that of the root option, which None would replace
    place = {} if data_dir is None else {"data_dir": data_dir}
    return command_settings(ctx, backend=backend, **place, **more)


def _refuse_useless(source: "Settings", target: "Settings") -> None:
    names = [normal_name(one.backend.strip()) for one in (source, target)]
    if EPHEMERAL in names:
        raise SettingsError(f"the backend {EPHEMERAL} keeps records only as long as a process lives; name another one")
    if names[0] == names[1] and source.data_dir.resolve() == target.data_dir.resolve():
        raise SettingsError(
            f"source and target are the same store: {names[0]} in {source.data_dir}; "
            f"name another backend with --to, or another directory with --to-dir"
        )


def _refuse_one_file(source: "Side", target: "Side") -> None:
    # two directories, but an option of the plugin names one file: all would be found there, and nothing be copied
    here, there = (getattr(side.backend, "path", None) for side in (source, target))
    is_one = isinstance(here, Path) and isinstance(there, Path) and here.resolve() == there.resolve()
    if is_one and type(source.backend) is type(target.backend):
        raise SettingsError(
            f"source and target are the same store: {source.name} keeps its records in {here}, whatever the data "
            f"directory is; name another backend with --to, or take that path out of the settings of {source.name}"
        )


class _Work:
    """One run: opens both stores, shows how far it is, and says what a person should know."""

    def __init__(self, ctx: typer.Context, source: "Settings", target: "Settings", *, is_dry: bool) -> None:
        self._source = source
        self._target = target
        self._is_dry = is_dry
        self._host = plugin_host(ctx)
        self._configured = command_settings(ctx)
        self._copied = 0

    def run(self) -> "Outcome":
        """Do it, and return what became of it.

        Raises:
            CurioError: it cannot begin, or cannot go on.
        """
        try:
            with ExitStack() as stack:
                return self._run(stack)
        except KeyboardInterrupt:
            done = "nothing was changed" if self._is_dry else f"{self._copied:,} records were copied"
            note(f"interrupted; {done}; run the same command again to go on")
            raise

    def _run(self, stack: ExitStack) -> "Outcome":
        # late: every start of the program loads this module
        from curio_tracking.migrating.lock import only_migration
        from curio_tracking.migrating.migration import Migration
        from curio_tracking.migrating.outcome import Outcome
        from curio_tracking.migrating.remarks import beforehand
        from curio_tracking.migrating.survey import survey

        source = self._open(stack, self._source)
        writer, reader = self._open(stack, self._target), self._open(stack, self._target)
        _refuse_one_file(source, writer)
        found = survey(source)
        for remark in beforehand(found, self._source):
            note(remark)
        if not found.total.weight and not found.declared:
            return Outcome(source.name, writer.name)
        if not self._is_dry:
            stack.enter_context(only_migration(self._target.data_dir))
        self._bring_keys()
        migration = Migration(source, found, writer, reader)
        self._drive(migration, round(found.weight))
        if not self._is_dry:
            migration.compare_statistics()
        return migration.outcome

    def _open(self, stack: ExitStack, settings: "Settings") -> "Side":
        from curio_tracking.migrating.sides import Side

        side = Side(settings.backend, make_backend(settings, self._host))
        stack.callback(side.let_go)
        if isinstance(side.backend, Explaining):
            bar = side.backend.on_progress = ReadingBar()
            stack.callback(bar.close)
        return side

    def _drive(self, migration: "Migration", total: int) -> None:
        steps, doing = (
            (migration.rehearse(), "comparing") if self._is_dry else (migration.steps(), "copying and comparing")
        )
        for _step in with_progress(steps, doing, total=total, position=lambda: round(migration.position), step=1):
            self._copied = migration.outcome.copied

    def _bring_keys(self) -> None:
        if self._source.data_dir.resolve() == self._target.data_dir.resolve():
            return
        from curio_tracking.migrating.keys import KeyTransfer, transfer_keys

        source, target = self._source.data_dir, self._target.data_dir
        became = transfer_keys(source, target, is_rehearsal=self._is_dry)
        if became is KeyTransfer.REFUSED:
            note(
                f"the keys of pseudonyms in {source / 'keys'} could not be taken along: {target / 'keys'} holds other "
                f"ones, or cannot be written; --user will not find copied records there"
            )
        elif became is KeyTransfer.COPIED:
            done = "would be copied" if self._is_dry else "were copied"
            note(f"the keys of pseudonyms {done} to {target / 'keys'}, so that --user finds the records there")

    def say_after(self, outcome: "Outcome", *, is_read: bool) -> None:
        """Say what the figures mean.

        Args:
            is_read: whether a person reads along who wants advice, too.
        """
        from curio_tracking.migrating.remarks import advice, not_taken, problems

        for problem in problems(outcome, is_rehearsal=self._is_dry):
            note(f"error: {problem}")
        for remark in not_taken(outcome):
            note(remark)
        if self._is_dry:
            note(f"dry run: {outcome.missing:,} records would be copied; nothing was changed")
        elif is_read and outcome.sent.records and outcome.is_good:
            for remark in advice(outcome, self._target, self._configured):
                note(remark)


COLUMNS: Final = (
    Column("source", "From"),
    Column("target", "To"),
    Column("records", "Records in the source", units.count, is_number=True),
    Column("copied", "Copied now", units.count, is_number=True),
    Column("already_there", "There before", units.count, is_number=True),
    Column("verified", "Verified", units.count, is_number=True),
    Column("missing", "Missing in the target", units.count, is_number=True),
    Column("different", "Different in the target", units.count, is_number=True),
    Column("left_out", "Left out: counted in the target", units.count, is_number=True),
    Column("repeated", "Twice in the source", units.count, is_number=True),
    Column("first_record", "Oldest record (UTC)", units.moment),
    Column("last_record", "Newest record (UTC)", units.moment),
    Column("source_checksum", "Checksum of the source"),
    Column("target_checksum", "Checksum of the target"),
    Column("declared_features", "Declared features", units.count, is_number=True),
    Column("statistics", "Statistics of both"),
    Column("left_behind_calls", "Left behind: calls without records", units.count, is_number=True),
    Column("left_behind_rows", "Left behind: rows that are no records", units.count, is_number=True),
)
