"""Inspection: the state of every part of a store, for people. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking.maintenance import Condition, Finding
from curio_tracking.queries import RecordQuery
from curio_tracking.storage.directories import list_names
from curio_tracking.storage.files import TEMPORARY, is_torn, is_unowned
from curio_tracking.storage.tinyflux.blocks import opened
from curio_tracking.storage.tinyflux.catalog import ROLLUP, all_days, raw_directory
from curio_tracking.storage.tinyflux.reading.snapshot import Store
from curio_tracking.storage.tinyflux.rollups.history import DAMAGED, rollup_directory
from curio_tracking.storage.tinyflux.upkeep.quarantine import Quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.reading.snapshot import Snapshot

_DAY_LENGTH: Final = len("2026-11-22")
_SLOW_BYTES: Final = 64 * 1024 * 1024
"""So much that no rollup counts takes a reader seconds."""


def inspect(data_dir: Path) -> list[Finding]:
    """Return one finding per part of the store.

    Raises:
        StorageError: this user may not read it.
    """
    store = Store(data_dir, is_careful=True)
    snapshot = store.ask(lambda: store.snapshot(RecordQuery()))
    findings = [*_segments(snapshot), _checkpoints(data_dir), *_history(store, snapshot)]
    return [*findings, _uncounted(store, snapshot), _quarantine(data_dir), _leftovers(data_dir)]


def _segments(snapshot: Snapshot) -> Iterable[Finding]:
    kinds: dict[str, list[tuple[str, SegmentFile]]] = {"live": [], "sealed": [], "compressed": []}
    torn = 0
    for day in reversed(snapshot.days):
        for file in day.segments:
            kind = "compressed" if file.is_compressed else "sealed" if _is_unowned(file) else "live"
            kinds[kind].append((day.name, file))
            torn += kind == "sealed" and is_torn(file.path)
    for kind, files in kinds.items():
        days = [day for day, _file in files]
        is_torn_kind = kind == "sealed" and torn > 0
        yield Finding(
            f"segments, {kind}",
            Condition.ATTENTION if is_torn_kind else Condition.OK,
            len(files),
            sum(_disk_size(file.path) for _day, file in files),
            min(days, default=None),
            max(days, default=None),
            f"{torn} end in a torn line that was never acknowledged; maintain cuts it" if is_torn_kind else "",
        )


def _is_unowned(file: SegmentFile) -> bool:
    try:
        with opened(file.path) as descriptor:
            return is_unowned(descriptor)
    except FileNotFoundError:
        return False


def _disk_size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _checkpoints(data_dir: Path) -> Finding:
    raw = raw_directory(data_dir)
    paths = [raw / day / name for day in all_days(raw) for name in list_names(raw / day) if name.endswith(ROLLUP)]
    days = [path.parent.name for path in paths]
    return Finding(
        "rollups of segments",
        files=len(paths),
        size_bytes=sum(map(_disk_size, paths)),
        oldest=min(days, default=None),
        newest=max(days, default=None),
    )


def _history(store: Store, snapshot: Snapshot) -> Iterable[Finding]:
    files = store.history.load()
    aside = [name for name in list_names(store.history.directory) if name.endswith(DAMAGED)]
    for kind, is_day in (("days", True), ("months", False)):
        periods = [period for period in files if (len(period) == _DAY_LENGTH) is is_day]
        damaged = [period for period in store.history.damaged if (len(period) == _DAY_LENGTH) is is_day]
        advice = f"cannot be used: {', '.join(sorted(damaged))}; maintain makes them again" if damaged else ""
        if not is_day and aside:
            advice = f"put aside because they were damaged: {', '.join(aside)}; totals of days without records are lost"
        yield Finding(
            f"rollups of {kind}",
            Condition.DAMAGED if advice else Condition.OK,
            len(periods),
            sum(_disk_size(files[period].path) for period in periods),
            min(periods, default=None),
            max(periods, default=None),
            advice,
        )
    retired = [day.name for day in snapshot.days if day.is_retired]
    yield Finding(
        "days without records",
        files=0,
        oldest=min(retired, default=None),
        newest=max(retired, default=None),
        advice=f"{len(retired)} days are kept as totals alone (RETENTION_DAYS)" if retired else "",
    )


def _uncounted(store: Store, snapshot: Snapshot) -> Finding:
    waiting = [
        (day.name, size)
        for day in snapshot.days
        for file in day.uncovered
        if (size := store.ask(lambda: _bytes_to_fold(store, day.name, file)))  # noqa: B023 - asked at once
    ]
    total = sum(size for _day, size in waiting)
    days = [day for day, _size in waiting]
    return Finding(
        "rows that no rollup counts yet",
        Condition.ATTENTION if total > _SLOW_BYTES else Condition.OK,
        len(waiting),
        total,
        min(days, default=None),
        max(days, default=None),
        "statistics read them each time; maintain counts those of sealed segments" if total > _SLOW_BYTES else "",
    )


def _bytes_to_fold(store: Store, day: str, file: SegmentFile) -> int:
    try:
        return store.view(day, file).bytes_to_fold()
    except FileNotFoundError:
        return 0


def _quarantine(data_dir: Path) -> Finding:
    quarantine = Quarantine(data_dir)
    paths = list(quarantine.paths())
    lines = quarantine.count()
    days = [path.parent.name for path in paths]
    return Finding(
        "quarantine",
        Condition.ATTENTION if lines else Condition.OK,
        len(paths),
        sum(map(_disk_size, paths)),
        min(days, default=None),
        max(days, default=None),
        f"{lines} {'line was no record' if lines == 1 else 'lines were no records'}; see {quarantine.directory}"
        if lines
        else "",
    )


def _leftovers(data_dir: Path) -> Finding:
    raw = raw_directory(data_dir)
    folders = [rollup_directory(data_dir), *(raw / day for day in all_days(raw))]
    paths = [folder / name for folder in folders for name in list_names(folder) if name.endswith(TEMPORARY)]
    return Finding(
        "temporary files",
        files=len(paths),
        size_bytes=sum(map(_disk_size, paths)),
        advice="left by a process that was killed, or in use; maintain removes those" if paths else "",
    )
