"""`python -m feature_tracking.setup_integration PATH`: adds tracking to a code base.

Finds the functions worth tracking, shows the change as a diff with the reason for each, and makes it only with
`--write`. Running it again finds nothing more to do. The work is done in `feature_tracking.integration`.
"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    LimitOption,
    choose_format,
    is_terminal,
    note,
    print_rows,
    visible,
)
from curio_tracking.cli.progress import with_progress
from curio_tracking.errors import CurioError
from curio_tracking.reader import choose
from curio_tracking.records import FeatureCategory
from feature_tracking.integration.diffs import diff_of
from feature_tracking.integration.plan import Plan, Target, Wishes, make_plan
from feature_tracking.program import new_program, run_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from feature_tracking.integration.candidates import Candidate
    from feature_tracking.integration.sources import SourceFile

PROGRAM: Final = "python -m feature_tracking.setup_integration"
LAYOUT: Final = Layout(
    ("feature_name", "category", "path", "line", "reason"),
    (
        Column("feature_name", "Feature", style=lambda _: "bold", is_long=True),
        Column("category", "Category"),
        Column("path", "File", is_long=True, rank=2),
        Column("line", "Line", is_number=True, rank=1),
        Column("reason", "Reason", is_long=True),
    ),
)
SEE_THEM: Final = '"python -m feature_tracking.cli list-features"'
_EPILOG: Final = f"""Examples:

\b
  {PROGRAM} . --list
  {PROGRAM} src/my_package
  {PROGRAM} . --category database_operation --limit 10 --write
  {PROGRAM} . | git apply

A function with "# no-track" above it or beside its "def" is never touched."""


class UsageError(CurioError):
    """The command line asks for something that cannot be done."""

    exit_code = 2


app = new_program()


@app.command(no_args_is_help=True, epilog=_EPILOG)
def setup_integration(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A project, a package or one file.", show_default=False)],
    write: Annotated[bool, typer.Option("--write", help="Change the files. Without it nothing is touched.")] = False,
    only_list: Annotated[bool, typer.Option("--list", help="Show a table, no diff; so does --format.")] = False,
    category: Annotated[
        list[str] | None,
        typer.Option("--category", metavar="CATEGORY", help="Only functions of this category; may be repeated."),
    ] = None,
    include_all: Annotated[
        bool, typer.Option("--include-all", help="Also public functions that nothing in particular speaks for.")
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="GLOB",
            help="Leave out these paths (relative to PATH) or names of files and folders; may be repeated.",
        ),
    ] = None,
    limit: LimitOption = 0,
    format_name: FormatOption = None,
) -> None:
    """Find the functions of a code base that are worth tracking, and decorate them with @track_feature.

    Shows a unified diff, or with --list a table. Hidden and vendored folders, virtual environments, builds, tests,
    migrations and generated files are left out, and symbolic links are not followed. --limit keeps the functions with
    the weightiest reasons.
    """
    if write and only_list:
        raise UsageError("--write and --list exclude each other: the one changes files, the other only looks")
    is_listed = write or only_list or format_name is not None
    format_chosen = choose_format(format_name)
    wishes = Wishes(_categories(category or ()), include_all, tuple(exclude or ()), limit)
    plan = make_plan(_checked(path), wishes, watch=_watched)
    if write:
        plan.perform(Target.write)
    elif not is_listed:
        plan.perform(_print_diff)
    if is_listed:
        print_rows((_row(file, candidate) for file, candidate in plan.candidates), LAYOUT, format_chosen)
    _summarize(plan, is_written=write)
    if plan.failures:
        raise typer.Exit(1)


def _checked(path: Path) -> Path:
    if path.is_dir() or path.is_file():
        return path
    raise UsageError(f'there is no folder or file "{path}"; name the code base to look at, for example "."')


def _categories(given: Iterable[str]) -> frozenset[FeatureCategory]:
    return frozenset(FeatureCategory(choose("category", name, list(FeatureCategory))) for name in given)


def _watched(files: Sequence[SourceFile]) -> Iterable[SourceFile]:
    return with_progress(files, "reading", total=len(files))


def _print_diff(target: Target) -> None:
    is_shown = is_terminal(sys.stdout)
    for line in list(diff_of(target, target.result())):
        # a program gets the very bytes, a terminal must not be steered by them
        sys.stdout.write(visible(line.rstrip("\r\n"), keep="\t") + "\n" if is_shown else line)


def _row(file: SourceFile, candidate: Candidate) -> dict[str, Any]:
    return {
        "feature_name": candidate.feature_name,
        "category": candidate.category.value,
        "path": file.shown,
        "line": candidate.line,
        "reason": candidate.reason,
    }


def _summarize(plan: Plan, *, is_written: bool) -> None:
    sys.stdout.flush()  # the remarks come after what they are about
    for failure in plan.failures:
        note(f"error: {failure}")
    reasons = [f"{reason} ({count})" for reason, count in plan.left_out.most_common() if count]
    if reasons:
        note(f"functions left out: {', '.join(reasons)}")
    functions, files = len(plan.candidates), len(plan.targets)
    if not functions:
        note(f"nothing to track in {plan.looked_at} files")
    elif is_written:
        note(f"tracked now: {functions} functions, in {files} files; {SEE_THEM} shows their figures once they ran")
    else:
        note(f"would be tracked: {functions} functions, in {files} of {plan.looked_at} files; --write makes the change")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code: 0, 1 some files failed, 2 usage, 130 interrupted."""
    return run_program(app, PROGRAM, arguments)


if __name__ == "__main__":
    sys.exit(main())
