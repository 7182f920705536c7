"""A migration that was broken off is completed by the same command: nothing lost, doubled or copied again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from killing import killed_before
from moving import over_days
from shelf_backend import ShelfBackend

from curio_tracking.cli import main
from curio_tracking.interfaces import StorageBackend
from curio_tracking.queries import RecordQuery
from curio_tracking.storage.csv import CsvBackend
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

Run = Callable[..., Any]
STEPS = ("write", "fsync", "open", "unlink")
"""System calls before which the process is killed, all that go on while records are copied."""
RECORDS = over_days(24, 3)
ALL = [record.record_id for record in RECORDS]
BACKENDS: dict[str, Callable[[Path], StorageBackend]] = {
    "tinyflux": TinyFluxBackend,
    "csv": CsvBackend,
    "shelf": lambda place: ShelfBackend(place / "shelf.sqlite"),
}
PAIRS = [("tinyflux", "csv"), ("csv", "tinyflux")]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curio_tracking.migrating.migration.PAGE", 10)
    monkeypatch.setattr("curio_tracking.migrating.migration.BATCH", 3)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A directory in which every backend holds the records."""
    for make in BACKENDS.values():
        backend = make(tmp_path / "old")
        backend.append(RECORDS)
        backend.close()
    return tmp_path / "old"


def command(old: str, new: str, here: Path, there: Path) -> tuple[str, ...]:
    return ("migrate", "--from", old, "--to", new, "--from-dir", str(here), "--to-dir", str(there), "--format", "json")


def stored(name: str, place: Path) -> list[str]:
    return sorted(record.record_id for record in BACKENDS[name](place).records(RecordQuery()))


def in_child(work: Callable[[], object]) -> bool:
    """Run `work` in a child and say whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def check_completed(run: Run, arguments: tuple[str, ...], name: str, place: Path) -> int:
    """Run the command again, check that it copies what is missing and nothing else; return how much was there."""
    there = len(stored(name, place))
    result = run(*arguments)
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert (found["copied"], found["already_there"]) == (len(ALL) - there, there)
    assert stored(name, place) == ALL
    return there


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_kill_before_any_system_call(sources: Path, tmp_path: Path, run: Run, old: str, new: str) -> None:
    found = set()
    for number in range(1000):
        place = tmp_path / f"new-{number}"
        arguments = command(old, new, sources, place)
        was_killed = killed_before(number, STEPS, lambda: main(arguments))  # noqa: B023 - called at once
        found.add(check_completed(run, arguments, new, place))
        if not was_killed:
            break
    # pages of ten, ten and four in batches of three, three, three, one; some of them in two files
    assert found >= {0, 3, 6, 9, 10, 13, 16, 19, 20, 23, 24}
    assert 20 < number < 999


def kill_in_write(turn: int) -> None:
    """Let this process die in the middle of its write of rows number `turn`."""
    write, turns = os.write, iter(range(turn, -1, -1))

    def torn(file: int, data: bytes) -> int:
        if len(data) > 100 and next(turns) == 0:  # rows, not a line for the terminal
            write(file, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(file, data)

    os.write = torn  # type: ignore[assignment]


@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize("turn", range(6))
def test_kill_in_the_middle_of_a_write(sources: Path, tmp_path: Path, run: Run, old: str, new: str, turn: int) -> None:
    arguments = command(old, new, sources, tmp_path / "new")
    assert in_child(lambda: (kill_in_write(turn), main(arguments)))
    check_completed(run, arguments, new, tmp_path / "new")


def kill_around_append(turn: int, *, is_kept: bool) -> None:
    """Let this process die before or after the backend keeps batch number `turn`."""
    append, turns = ShelfBackend.append, iter(range(turn, -1, -1))

    def last(self: ShelfBackend, records: Any) -> None:
        is_last = next(turns) == 0
        if is_kept or not is_last:
            append(self, records)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)

    ShelfBackend.append = last  # type: ignore[method-assign]


@pytest.mark.parametrize("is_kept", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("turn", range(10))
def test_kill_around_any_batch_of_a_third_party(
    sources: Path, shelf: None, tmp_path: Path, run: Run, turn: int, is_kept: bool
) -> None:
    arguments = command("tinyflux", "shelf", sources, tmp_path / "new")
    assert in_child(lambda: (kill_around_append(turn, is_kept=is_kept), main(arguments)))
    check_completed(run, arguments, "shelf", tmp_path / "new")


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_repeated_kills_come_to_an_end(sources: Path, tmp_path: Path, run: Run, old: str, new: str) -> None:
    place = tmp_path / "new"
    arguments = command(old, new, sources, place)
    counts = []
    while killed_before(2, ("write",), lambda: main(arguments)):
        counts.append(len(stored(new, place)))
        assert len(counts) < 50
    assert counts == sorted(counts)
    check_completed(run, arguments, new, place)


@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize("turn", [0, 4, 8])
def test_ctrl_c_ends_with_130_and_says_how_to_go_on(
    sources: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, old: str, new: str, turn: int
) -> None:
    arguments = command(old, new, sources, tmp_path / "new")
    kind = {"tinyflux": TinyFluxBackend, "csv": CsvBackend}[new]
    append, turns = kind.append, iter(range(turn, -1, -1))

    def interrupted(self: Any, records: Any) -> None:
        if next(turns) == 0:
            raise KeyboardInterrupt
        append(self, records)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "append", interrupted)
        result = run(*arguments)
    copied = len(stored(new, tmp_path / "new"))
    assert (result.code, result.out) == (130, "")
    assert result.err.endswith(f"interrupted; {copied:,} records were copied; run the same command again to go on\n")
    check_completed(run, arguments, new, tmp_path / "new")


@pytest.mark.parametrize("name", ["survey.survey", "migration.Migration.compare_statistics"])
def test_ctrl_c_before_and_after_copying_says_how_to_go_on(
    sources: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def interrupted(_self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"curio_tracking.migrating.{name}", interrupted)
    result = run(*command("tinyflux", "csv", sources, tmp_path / "new"))
    copied = len(stored("csv", tmp_path / "new"))
    assert (result.code, result.out) == (130, "")
    assert result.err.endswith(f"interrupted; {copied:,} records were copied; run the same command again to go on\n")


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_full_disk_ends_with_1_and_the_rest_comes_later(
    sources: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    arguments = command(old, new, sources, tmp_path / "new")
    write, calls = os.write, iter(range(10**9))

    def full(file: int, data: bytes) -> int:
        return write(file, data if next(calls) < 4 else data[:7])

    with monkeypatch.context() as patch:
        patch.setattr("curio_tracking.storage.files.os.write", full)
        result = run(*arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: writing to {new} failed: cannot write")
    assert 0 < check_completed(run, arguments, new, tmp_path / "new") < len(ALL)
