"""After a kill: torn lines are cut once nobody owns the segment, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.queries import RecordQuery
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.rows import format_row
from curio_tracking.testing import make_record

MakeTinyFlux = Callable[..., TinyFluxBackend]
Segments = Callable[[], list[Path]]
TORN = format_row(make_record(50)).encode()[:120]
EVERYTHING = RecordQuery()

WRITER = """
import sys
from pathlib import Path
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import make_record
backend = TinyFluxBackend(Path(sys.argv[1]))
for number in range(10**6):
    backend.append([make_record(number * 3 + part) for part in range(3)])
    print(number, flush=True)
"""


def add(segment: Path, data: bytes) -> None:
    with segment.open("ab") as stream:
        stream.write(data)


@pytest.mark.parametrize("torn", [TORN, b"x", b"\x00" * 200_000, TORN * 2_000], ids=len)
def test_next_writer_cuts_the_torn_line_of_a_dead_one(
    make_tinyflux: MakeTinyFlux, segments: Segments, torn: bytes
) -> None:
    dead = make_tinyflux()
    dead.append([make_record(1), make_record(2)])
    dead.close()
    (segment,) = segments()
    whole = segment.read_bytes()
    add(segment, torn)
    make_tinyflux().append([make_record(3)])
    assert segment.read_bytes() == whole
    assert len(list(make_tinyflux().records(EVERYTHING))) == 3


def test_segment_of_a_living_writer_is_not_cut(make_tinyflux: MakeTinyFlux, segments: Segments) -> None:
    make_tinyflux().append([make_record(1)])
    (segment,) = segments()
    add(segment, TORN)
    make_tinyflux().append([make_record(2)])
    assert segment.read_bytes().endswith(TORN)


def test_segment_without_one_whole_line_is_removed(make_tinyflux: MakeTinyFlux, data_dir: Path) -> None:
    torn = data_dir / "raw" / "2026-05-01" / "host-1-abcdef01-0.csv"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(TORN)
    make_tinyflux().append([make_record(1)])
    assert not torn.exists()


def test_reader_mends_nothing(make_tinyflux: MakeTinyFlux, segments: Segments) -> None:
    dead = make_tinyflux()
    dead.append([make_record(1)])
    dead.close()
    add(segments()[0], TORN)
    before = segments()[0].read_bytes()
    list(make_tinyflux().records(EVERYTHING))
    assert segments()[0].read_bytes() == before


def test_rewrite_that_was_killed_leaves_nothing_behind(make_tinyflux: MakeTinyFlux, data_dir: Path) -> None:
    day = data_dir / "raw" / "2026-05-28"
    day.mkdir(parents=True)
    old, new = day / ".a.csv.1-abcd.tmp", day / ".b.csv.1-abcd.tmp"
    old.write_text("half")
    new.write_text("half")
    os.utime(old, (time.time() - 3600, time.time() - 3600))
    make_tinyflux().append([make_record(1)])
    assert not old.exists()
    assert new.exists()


def test_segment_that_cannot_be_mended_stops_nobody(make_tinyflux: MakeTinyFlux, data_dir: Path) -> None:
    day = data_dir / "raw" / "2026-05-01"
    day.mkdir(parents=True)
    (day / "dangling.csv").symlink_to(data_dir / "nowhere")
    (day / "fifo.csv").mkdir()
    make_tinyflux().append([make_record(1)])
    assert len(list(make_tinyflux().records(EVERYTHING))) == 1


def test_acknowledged_records_survive_a_kill(make_tinyflux: MakeTinyFlux, data_dir: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(data_dir)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 200:
                process.send_signal(signal.SIGKILL)
                break
        acknowledged = [line, *process.stdout.read().split()]
    last = int(acknowledged[-1])
    stored = [record.record_id for record in make_tinyflux().records(EVERYTHING)]
    assert len(stored) == len(set(stored))
    assert {make_record(number).record_id for number in range(3 * last + 3)} <= set(stored)
    # the kill may have come between the write and its acknowledgement, not later
    assert len(stored) <= 3 * (last + 2)


def test_lock_of_a_killed_writer_is_free(make_tinyflux: MakeTinyFlux, data_dir: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(data_dir)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    backend = make_tinyflux()
    count = len(list(backend.records(EVERYTHING)))
    assert backend.delete(EVERYTHING) == count > 0


def test_start_does_not_look_into_a_day_of_many_segments(
    make_tinyflux: MakeTinyFlux, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        program = TinyFluxBackend(data_dir)
        program.append([make_record(number)])
        program.close()
    torn = min((data_dir / "raw").glob("*/*.csv"))
    whole = torn.read_bytes()
    add(torn, TORN)
    opened: list[str] = []
    real_open = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *rest, **more: opened.append(str(path)) or real_open(path, *rest, **more)
    )
    writer = make_tinyflux()
    writer.append([make_record(200)])
    assert len([path for path in opened if path.endswith(".csv")]) == 1
    monkeypatch.undo()
    assert len(list(make_tinyflux().records(EVERYTHING))) == 121
    writer.maintain(lambda *_arguments: None)
    assert len(list(make_tinyflux().records(EVERYTHING))) == 121
    assert not torn.exists() or torn.read_bytes() == whole
