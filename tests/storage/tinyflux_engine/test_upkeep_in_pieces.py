"""Upkeep in pieces, with other processes in between: the store is whole after every one, and locks end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curio_tracking.queries import RecordQuery
from curio_tracking.storage.tinyflux import segment as segments
from curio_tracking.storage.tinyflux.catalog import segments_of
from curio_tracking.storage.tinyflux.upkeep.lock import BusyError, upkeep_lock
from curio_tracking.storage.tinyflux.upkeep.recovery import owned

ANN = RecordQuery(user_ids=frozenset({"ann"}))


def always() -> bool:
    return True


def never() -> bool:
    return False


def test_segments_deleted_between_two_pieces_are_not_counted_by_the_second(
    engine: Any, make_many: Callable[..., list]
) -> None:
    engine.write(make_many(3, user_id="ann"))
    engine.maintain()
    engine.write(make_many(2, first=3, user_id="bob"))
    quiet = engine.backend()
    quiet.rest(never)  # finds the day, and reads the new segment
    assert engine.backend().delete(ANN) == 3
    for _piece in range(20):
        quiet.rest(never)
    assert engine.calls() == 2
    engine.maintain()
    assert engine.calls() == len(engine.listed()) == 2


def test_interrupted_pieces_leave_the_store_whole(engine: Any, make_many: Callable[..., list]) -> None:
    engine.write(make_many(3))
    quiet = engine.backend()
    for _piece in range(10):
        quiet.rest(always)
    assert engine.files("raw/*/*.tmp") == []
    assert engine.calls() == len(engine.listed()) == 3
    assert engine.maintain().failed is None
    assert engine.calls() == len(engine.listed()) == 3


def test_quiet_moment_before_the_first_record_creates_nothing(engine: Any, data_dir: Path) -> None:
    engine.backend().rest(never)
    assert not data_dir.exists()


# -- locks ----------------------------------------------------------------------------------------------------------


def fork_a_sleeper() -> tuple[int, int]:
    """Return a child that lives until the descriptor is closed, and the descriptor."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    return child, writing


def test_lock_of_upkeep_ends_though_a_child_was_forked_meanwhile(data_dir: Path) -> None:
    with upkeep_lock(data_dir, seconds=0):
        child, writing = fork_a_sleeper()
    try:
        with upkeep_lock(data_dir, seconds=0):
            pass
    finally:
        os.close(writing)
        os.waitpid(child, 0)


def test_lock_of_a_segment_ends_though_a_child_was_forked_meanwhile(
    engine: Any, data_dir: Path, make_many: Callable[..., list]
) -> None:
    engine.write(make_many(3))
    (segment,) = segments_of(data_dir / "raw", "2026-05-28")
    with owned(segment):
        child, writing = fork_a_sleeper()
    try:
        with owned(segment):
            pass
    finally:
        os.close(writing)
        os.waitpid(child, 0)


def test_rewritten_segment_is_free_though_a_child_was_forked_meanwhile(
    engine: Any, make_many: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write(make_many(3, user_id="ann") + make_many(3, first=3, user_id="bob"))
    replace, sleepers = Path.replace, []

    def forking(self: Path, target: Path) -> Path:
        sleepers.append(fork_a_sleeper())
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", forking)
        engine.backend().delete(ANN)
    try:
        assert engine.backend().delete(RecordQuery(user_ids=frozenset({"bob"}))) == 3
    finally:
        for child, writing in sleepers:
            os.close(writing)
            os.waitpid(child, 0)


def test_upkeep_excludes_another_and_says_so(data_dir: Path) -> None:
    busy = pytest.raises(BusyError, match=r"another process is tidying up .*; try again when it is done")
    with upkeep_lock(data_dir, seconds=0), busy, upkeep_lock(data_dir, seconds=0):
        pass


def test_quiet_upkeep_waits_for_nobody(engine: Any, data_dir: Path, make_many: Callable[..., list]) -> None:
    engine.write(make_many(3))
    before = [path.read_bytes() for path in engine.files("raw/*/*")]
    with upkeep_lock(data_dir, seconds=0):
        engine.backend().rest(never)
    assert [path.read_bytes() for path in engine.files("raw/*/*")] == before


def test_segment_that_upkeep_removed_before_it_was_locked_takes_no_rows(
    engine: Any, make_many: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    try_lock = segments.try_lock
    removed = []

    def late(file: int) -> bool:
        if not removed:
            # an empty segment without a lock is taken for one that a killed process left
            removed.append(Path(os.readlink(f"/proc/self/fd/{file}")))
            removed[0].unlink()
        return try_lock(file)

    monkeypatch.setattr(segments, "try_lock", late)
    engine.write(make_many(3))
    assert engine.calls() == len(engine.listed()) == 3


def test_segments_of_living_writers_are_left_alone(
    engine: Any, make_many: Callable[..., list], in_child: Callable[..., int]
) -> None:
    writer = engine.backend()
    writer.append(make_many(300))
    before = {path: path.read_bytes() for path in engine.files("raw/*/*")}
    assert in_child(lambda: engine.maintain(retention_days=1)) == 0
    assert {path: path.read_bytes() for path in engine.files("raw/*/*")} == before
    writer.append(make_many(1, first=300))
    writer.close()
    assert engine.calls() == len(engine.listed()) == 301
