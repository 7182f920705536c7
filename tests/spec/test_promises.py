"""Promises that only the whole can keep: application, default backend and program together."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = """
from curio_tracking import feature_tracker, track_feature

@track_feature("step")
def step(number):
    pass

for number in range(20):
    step(number)
assert feature_tracker.flush(60)
"""

KILLED = (
    APPLICATION
    + """
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
)


def segment_of(world) -> Path:
    """Return the one segment of the store."""
    [path] = (world.data_dir / "raw").glob("*/*.csv")
    return path


def test_acknowledged_records_survive_sigkill(world) -> None:
    world.run(KILLED, exit_code=-signal.SIGKILL)
    assert len(world.records()) == 20


def test_records_of_a_killed_process_and_of_later_ones_add_up(world) -> None:
    world.run(KILLED, exit_code=-signal.SIGKILL)
    world.run(APPLICATION)
    assert len({record["record_id"] for record in world.records()}) == 40
    assert world.json("feature-stats", "step")["total_calls"] == 40


def test_damaged_lines_hide_no_other(world) -> None:
    world.run(APPLICATION)
    segment = segment_of(world)
    lines = segment.read_bytes().splitlines(keepends=True)
    damage = [b"\n", b'"unclosed\n', b"\xff\xfe\x00\n", lines[3][:40] + b"\n", b"2026,nonsense,t_i\n"]
    for position, line in enumerate(damage):
        lines.insert(3 * position + 1, line)
    segment.write_bytes(b"".join(lines))
    assert len(world.records()) == 20
    assert world.json("feature-stats", "step")["total_calls"] == 20


def test_a_torn_last_line_is_not_taken_for_a_record(world) -> None:
    world.run(KILLED, exit_code=-signal.SIGKILL)
    segment = segment_of(world)
    whole = segment.read_bytes()
    segment.write_bytes(whole + whole.splitlines()[0][:-3])
    assert len(world.records()) == 20
    world.run(APPLICATION)
    assert len(world.records()) == 40
