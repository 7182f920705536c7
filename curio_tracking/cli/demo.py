"""demo: runs the small application of `curio_tracking.demo`, then shows what was recorded.

The records go to a store of their own, so that they never mix with real ones. The demo counts its calls by itself;
this command compares that count with what the store has kept.
"""

import os
import shlex
import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from curio_tracking.cli import (
    Session,
    command_settings,
    examples,
    note,
    open_session,
    root_overrides,
    visible,
)
from curio_tracking.cli.dashboard import dashboard
from curio_tracking.cli.feature_stats import feature_stats
from curio_tracking.cli.list_features import list_features
from curio_tracking.cli.list_records import list_records
from curio_tracking.cli.session import invocation
from curio_tracking.errors import CurioError, DataDirError
from curio_tracking.hookspecs import hookimpl
from curio_tracking.settings import Settings

if TYPE_CHECKING:
    from curio_tracking.demo.story import DemoRun

APP: Final = "curio-demo"
SHOWN_FEATURE: Final = "buy_article"
FLUSH_SECONDS: Final = 5.0
MEMORY: Final = "memory"
Calls = Counter[tuple[str, str]]


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo", epilog=examples("demo", "demo --serve", "--backend csv --data-dir ./try demo"))(demo)


def demo(
    ctx: typer.Context,
    serve: Annotated[
        bool, typer.Option("--serve", help="Open the dashboard on the demo's records afterwards.")
    ] = False,
) -> None:
    """Track a small application and show what Curio Tracking records of it.

    Four users read files, query a database, visit pages, run scripts and more; some of it fails, some is slow. The
    records go to the folder "demo" of the data directory, or to --data-dir where that is given.
    """
    settings = _demo_settings(ctx)
    started = datetime.now(UTC)
    run = _run_application(settings)
    with open_session(ctx) as session:
        recorded = _recorded_calls(session, started)
    _report(run, recorded, settings)
    _show_tables(ctx, has_feature=any(feature == SHOWN_FEATURE for feature, _status in recorded))
    _show_next_steps(ctx, settings)
    if run.problems:
        raise CurioError(
            "\n".join(f"this machine did not let the demo do all its work: {text}" for text in run.problems)
        )
    _check(run, recorded, settings)
    if serve:
        dashboard(ctx)


def _demo_settings(ctx: typer.Context) -> Settings:
    """Return the settings with the demo's own data directory, which all further parts of this command use as well.

    Raises:
        CurioError: tracking is turned off, so there would be nothing to see. DataDirError: see `_check_directory`.
    """
    settings = command_settings(ctx)
    if not settings.enabled:
        source = settings.sources["enabled"]
        raise CurioError(f"tracking is turned off ({source}), and the demo respects that; turn it on to see the demo")
    if "data_dir" not in root_overrides(ctx):
        invocation(ctx).overrides["data_dir"] = str(settings.data_dir / "demo")
    settings = command_settings(ctx)
    if settings.backend != MEMORY:
        _check_directory(settings.data_dir)
    return settings


def _check_directory(directory: Path) -> None:
    """See at once what the tracker, made for programs that must not be held up, would go on trying.

    Raises:
        DataDirError: records cannot be written there.
    """
    nearest = next(path for path in (directory, *directory.parents) if path.exists() or path == path.parent)
    if not nearest.is_dir():
        raise DataDirError(f"{directory}: {nearest} is no directory; choose another place with --data-dir")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise DataDirError(f"{directory}: this user may not write in {nearest}; choose another place with --data-dir")


def _run_application(settings: Settings) -> "DemoRun":
    """Run the application in a temporary folder, its tracker set up as any application would do it.

    Raises:
        CurioError: the records could not be stored.
    """
    # late: every start of the program loads this module, and only the demo needs asyncio, sqlite3, wsgiref and so on
    from curio_tracking import feature_tracker
    from curio_tracking.demo import story

    note(f"running a small application for {len(story.USERS)} users ...")
    feature_tracker.configure(app=APP, data_dir=settings.data_dir, backend=settings.backend)
    with tempfile.TemporaryDirectory(prefix="curio-demo-", ignore_cleanup_errors=True) as folder:
        run = story.tell(Path(folder))
    if not feature_tracker.flush(FLUSH_SECONDS):
        raise CurioError(f"the records could not be written to {settings.data_dir}; is it writable, is the disk full?")
    return run


def _recorded_calls(session: Session, started: datetime) -> Calls:
    """Return how often each (feature, status) of this very run is in the store."""
    calls: Calls = Counter()
    for record in session.reader.records(session.reader.where(since=started.isoformat())):
        if record.process_id == os.getpid() and record.app == APP:
            calls[record.feature_name, record.status.value] += round(record.sample_weight)
    return calls


def _report(run: "DemoRun", recorded: Calls, settings: Settings) -> None:
    statuses: Counter[str] = Counter()
    for (_feature, status), calls in recorded.items():
        statuses[status] += calls
    parts = ", ".join(f"{calls} {status}" for status, calls in statuses.most_common()) or "none"
    work = f"{len(run.users)} users, {run.seconds:.1f} seconds"
    place = "memory" if settings.backend == MEMORY else settings.data_dir
    _say(f"{work}: recorded {recorded.total()} of {run.total} calls ({parts})", f"in {place}")


def _show_tables(ctx: typer.Context, *, has_feature: bool) -> None:
    """Print what the other commands print; the settings may have left out the feature that is shown alone."""
    _say("", "The features most used (curio-tracking list-features):", "")
    list_features(ctx, format_name="table")
    if has_feature:
        _say("", f"One of them (curio-tracking feature-stats {SHOWN_FEATURE}):", "")
        feature_stats(ctx, SHOWN_FEATURE, format_name="table")
    _say("", "What went wrong last (curio-tracking list-records --status failed --limit 5):", "")
    list_records(ctx, limit=5, status="failed", format_name="table")


def _show_next_steps(ctx: typer.Context, settings: Settings) -> None:
    if settings.backend == MEMORY:  # the one backend whose records no other command can see
        _say("", "These records end with this command; look further with: curio-tracking --backend memory demo --serve")
        return
    options = f"--data-dir {shlex.quote(str(settings.data_dir))}"
    if "backend" in root_overrides(ctx):
        options = f"--backend {shlex.quote(settings.backend)} {options}"
    command = f"  curio-tracking {options}"
    _say(
        "",
        "Look further, or open the dashboard:",
        "",
        f"{command} list-features --limit 0",
        f"{command} list-records --status timeout",
        f"{command} dashboard --open",
    )


def _check(run: "DemoRun", recorded: Mapping[tuple[str, str], int], settings: Settings) -> None:
    """Compare what the demo did with what was recorded.

    Raises:
        CurioError: they differ, and no setting or filter explains it.
    """
    if recorded == run.calls:
        return
    reasons = _reasons_to_leave_out(settings)
    if reasons:
        note(f"not every call is recorded as it was, because of: {', '.join(reasons)}")
        return
    wrong = sorted(key for key in {*recorded, *run.calls} if recorded.get(key, 0) != run.calls.get(key, 0))
    shown = ", ".join(f"{feature} {status}" for feature, status in wrong)
    raise CurioError(f"what was recorded is not what was done, which is a bug in curio-tracking or a plugin: {shown}")


def _reasons_to_leave_out(settings: Settings) -> list[str]:
    from curio_tracking import feature_tracker  # late: see _run_application

    names = ("failures_only", "min_duration", "sample_rate", "exclude")
    changed = [name for name in names if getattr(settings, name) != type(settings).model_fields[name].default]
    dropped = feature_tracker.health()["dropped"]
    return [name.upper() for name in changed] + [f"{reason} ({calls} calls)" for reason, calls in dropped.items()]


def _say(*lines: str) -> None:
    for line in lines:
        typer.echo(visible(line))  # flushes, so that remarks on stderr come in their place
