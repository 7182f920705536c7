"""Latency: what a part costs on this machine: per record, or per answer for pages and commands."""

from __future__ import annotations

import io
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.testing.command_runs import run_to_file
from curio_tracking.testing.example_records import make_record
from curio_tracking.testing.installed.subject import needs_arguments, settings_in
from curio_tracking.testing.watched_store import WatchedBackend, reader_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from curio_tracking.records import FeatureRecord
    from curio_tracking.testing.installed.subject import SubjectPart

BATCH: Final = 1_000
ROUNDS: Final = 5


def seconds_of(part: SubjectPart, directory: Path) -> tuple[float | None, str] | None:
    """Return the median time that the part takes, and for what: "record" or "answer".

    Args:
        part: what to time.
        directory: an empty one, for what it writes.

    Returns:
        None: it is not needed with these settings, or cannot be called without arguments. No time: it raised; its suite
        will say more.

    Raises:
        Exception: whatever its factory raises.
    """
    work = _WORK[part.kind](part, directory)
    if work is None:
        return None
    per = "answer" if part.kind in ("page", "command") else "record"
    try:
        return _median_time(work) / (BATCH if per == "record" else 1), per
    except Exception:
        return None, per


def _median_time(work: Callable[[list[FeatureRecord]], object]) -> float:
    times = []
    for round_number in range(ROUNDS):
        batch = [make_record(round_number * BATCH + number) for number in range(BATCH)]
        started = perf_counter()
        work(batch)
        times.append(perf_counter() - started)
    return median(times)


def _backend(part: SubjectPart, directory: Path) -> Callable[[list[FeatureRecord]], object]:
    append: Callable[[list[FeatureRecord]], object] = part.made(settings_in(directory)).append
    return append


def _filter(part: SubjectPart, directory: Path) -> Callable[[list[FeatureRecord]], object] | None:
    made = part.made(settings_in(directory))
    if made is None:
        return None
    apply = made.apply
    return lambda batch: [apply(record) for record in batch]


def _exporter(part: SubjectPart, directory: Path) -> Any:
    directory.mkdir(exist_ok=True)
    made = part.made(settings_in(directory))
    return None if made is None else made.export


def _format(part: SubjectPart, _directory: Path) -> Callable[[list[FeatureRecord]], object]:
    return lambda batch: part.made(iter(batch), io.BytesIO())


def _page(part: SubjectPart, _directory: Path) -> Callable[[list[FeatureRecord]], object]:
    reader = reader_of(WatchedBackend(make_record(number) for number in range(BATCH)))
    return lambda _batch: part.made(reader, {})


def _command(part: SubjectPart, _directory: Path) -> Callable[[list[FeatureRecord]], object] | None:
    if needs_arguments(part.made):
        return None
    return lambda _batch: run_to_file(part.name.split())


_WORK: Final[dict[str, Callable[[SubjectPart, Path], Any]]] = {
    "backend": _backend,
    "filter": _filter,
    "exporter": _exporter,
    "format": _format,
    "page": _page,
    "command": _command,
}
