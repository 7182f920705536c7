"""The wall clock is set back and forward, is wrong from the start, or changes for summer. Budget: 20 s."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from hosts import Host
from store_checks import assert_totals_are_a_fold, calls_by_feature, maintain, records_once
from twice import Tracked, run_twice
from waiting import wait_until
from wall_clock import WallClock, compile_library, days

from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

LONGEST: Final = timedelta(minutes=1)
"""Longer than any program here runs, shorter than any jump of its clock."""
IN_1970: Final = datetime(1970, 1, 2, tzinfo=UTC)
IN_2099: Final = datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)
BERLIN: Final = "CET-1CEST,M3.5.0,M10.5.0/3"
LORD_HOWE: Final = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
BERLIN_WINTER: Final = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""When summer time ends."""
CHANGES: Final = {
    "Berlin to winter": (BERLIN, BERLIN_WINTER, ["02:59", "02:00"]),
    "Berlin to summer": (BERLIN, datetime(2026, 3, 29, 1, tzinfo=UTC), ["01:59", "03:00"]),
    "Lord Howe to winter": (LORD_HOWE, datetime(2026, 4, 4, 15, tzinfo=UTC), ["01:59", "01:30"]),
    "Lord Howe to summer": (LORD_HOWE, datetime(2026, 10, 3, 15, 30, tzinfo=UTC), ["01:59", "02:30"]),
}
"""Zone, moment, and what local clocks show around it."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What makes a program have a clock of its own."""
    return compile_library(tmp_path_factory.mktemp("library"))


@pytest.fixture
def clock(library: Path, tmp_path: Path) -> WallClock:
    """A clock for one test."""
    return WallClock(library, tmp_path)


@pytest.fixture(scope="module")
def jumped(library: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tracked, datetime]:
    """A program whose clock jumped to and fro between calls, within them and before their flush; when it began."""
    directory = tmp_path_factory.mktemp("jumped")
    began = days(0)
    moments = [days(shift) for shift in (-3, 400, -400, 1 / 24, -1 / 24)]
    return WallClock(library, directory).run_twice(directory, began, *moments), began


@pytest.fixture(scope="module", params=CHANGES)
def changed(
    request: pytest.FixtureRequest, library: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tracked, datetime]:
    """A program that runs while local clocks are put forward or back; when they are."""
    zone, change, local = CHANGES[request.param]
    directory = tmp_path_factory.mktemp("changed")
    before, after = change - timedelta(seconds=0.25), change + timedelta(seconds=0.25)
    tracked = WallClock(library, directory, zone).run_twice(directory, before, 0.3, after)
    assert [line.split()[1] for line in tracked.output.splitlines()] == local
    return tracked, change


def test_no_duration_is_negative_or_long_when_the_clock_jumps(jumped: tuple[Tracked, datetime]) -> None:
    durations = [record.duration for record in jumped[0].records()]
    assert all(0.005 <= duration < LONGEST.total_seconds() for duration in durations), durations


def test_records_stay_at_the_time_that_went_by_since_the_program_began(jumped: tuple[Tracked, datetime]) -> None:
    tracked, began = jumped
    starts = [record.start_time for record in tracked.records()]
    assert all(began <= start < began + LONGEST for start in starts), starts


def test_calls_stay_in_their_order_when_the_clock_jumps(jumped: tuple[Tracked, datetime]) -> None:
    names = [record.feature_name for record in reversed(jumped[0].records())]
    assert names == ["inner", "across", "inner"] * 6


def test_every_call_is_written_when_the_clock_jumps(jumped: tuple[Tracked, datetime]) -> None:
    health = jumped[0].account().health
    assert (health["recorded"], health["written"], health["errors"]) == (18, 18, {})


def test_calls_after_the_machine_slept_bear_the_time_of_the_wall_clock(clock: WallClock, tmp_path: Path) -> None:
    began, night = days(0), timedelta(hours=8)
    tracked = clock.run_twice(tmp_path, began, night, night, flush_seconds="0.05")
    records = list(reversed(tracked.records()))
    names = ["inner", "across", "inner", *["through the night", "in the morning"] * 2]
    slept = [0, 0, 0, 0, 1, 1, 2]  # nights, when each began
    assert [record.feature_name for record in records] == names
    for record, nights in zip(records, slept, strict=True):
        assert began + nights * night <= record.start_time < began + nights * night + LONGEST
        assert record.duration < LONGEST.total_seconds()


def test_clock_that_jumps_over_days_leaves_the_totals_of_each_day(clock: WallClock, tmp_path: Path) -> None:
    midnight = days(0).replace(hour=0, minute=0, second=0)
    before = midnight - timedelta(seconds=4)  # in which a busy machine imports the tracker and makes the first call
    tracked = clock.run_twice(tmp_path, before, 4.1, midnight + timedelta(days=2), before - timedelta(days=2))
    assert {record.start_time.date() for record in tracked.records()} == {before.date(), midnight.date()}
    assert maintain(tracked.data_dir).failed is None
    assert tracked.calls() == 9  # having compared rollups and records once more


def test_programs_that_begin_in_1970_and_2099_write_and_are_read_beside_others(
    clock: WallClock, tmp_path: Path
) -> None:
    moments = [days(0), IN_1970, IN_2099]
    for moment in moments:
        directory = tmp_path / moment.date().isoformat()
        directory.mkdir()
        clock.run_twice(directory, moment, data_dir=tmp_path / "data", retention_days="0")
    assert maintain(tmp_path / "data").failed is None
    backend = TinyFluxBackend(tmp_path / "data")
    records = records_once(backend)
    assert_totals_are_a_fold(backend, records)
    expected = [moment for moment in sorted(moments, reverse=True) for _ in range(3)]
    assert all(begin <= record.start_time < begin + LONGEST for begin, record in zip(expected, records, strict=True))


def test_clock_that_jumps_forward_while_a_program_runs_makes_it_remove_no_records(
    clock: WallClock, tmp_path: Path
) -> None:
    (tmp_path / "before").mkdir()
    clock.run_twice(tmp_path / "before", days(-40), data_dir=tmp_path / "data")
    ahead = [days(400), 0.1] * 8  # upkeep does one piece of work after some calls, and stops for the next ones
    tracked = clock.run_twice(tmp_path, days(0), *ahead, data_dir=tmp_path / "data", flush_seconds="0.02")
    assert tracked.calls() == 3 + 27


def test_upkeep_whose_clock_is_behind_removes_nothing(clock: WallClock, tmp_path: Path) -> None:
    tracked = clock.run_twice(tmp_path, days(-40))
    clock.run_command(tracked.data_dir, days(-400), "maintain")
    assert tracked.calls() == 3


def test_upkeep_whose_clock_is_ahead_counts_ages_by_it_and_keeps_the_totals(clock: WallClock, tmp_path: Path) -> None:
    tracked = clock.run_twice(tmp_path, days(-40))
    clock.run_command(tracked.data_dir, days(60), "maintain")
    assert list(records_once(TinyFluxBackend(tracked.data_dir))) == []
    features = json.loads(clock.run_command(tracked.data_dir, days(0), "list-features", "--format", "json"))
    assert {one["feature_name"]: one["total_calls"] for one in features} == {"across": 1, "inner": 2}


def test_upkeep_takes_the_records_of_programs_whose_clock_was_set_right_later_and_keeps_the_totals(
    clock: WallClock, tmp_path: Path
) -> None:
    """As on a board without a battery, whose clock says 1970 until it hears of a time server."""
    for number in (1, 2):  # the second one writes to a day whose records went with the first one's
        (tmp_path / f"{number}").mkdir()
        # by hand: the store has more calls than records from here on, which the clock's own check would not have
        steps = IN_1970.isoformat(), days(0).isoformat()
        directory = tmp_path / f"{number}"
        run_twice("clocks.py", directory, *steps, variables=clock.variables, data_dir=tmp_path / "data")
        clock.run_command(tmp_path / "data", days(0), "maintain")
    backend = TinyFluxBackend(tmp_path / "data")
    assert records_once(backend) == []
    assert calls_by_feature(backend) == {"inner": 8, "across": 4}


def test_user_is_erased_whatever_the_clock_of_the_program_said(clock: WallClock, tmp_path: Path) -> None:
    for moment in (IN_1970, IN_2099):
        (tmp_path / f"{moment.year}").mkdir()
        tracked = clock.run_twice(tmp_path / f"{moment.year}", moment, data_dir=tmp_path / "data")
    assert (tracked.calls(), tracked.calls("across")) == (6, 2)
    clock.run_command(tmp_path / "data", days(0), "forget", "ada", "--yes")
    assert (tracked.calls(), tracked.calls("across")) == (2, 0)  # what was called for nobody stays


def test_doctor_shows_processes_whose_clocks_were_set_as_running_and_heard_of_since(
    library: Path, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as hosts:
        started = [_host_with_clock_set(library, tmp_path / f"{shift}", shift, hosts) for shift in (-3, 400)]
        for clock, data_dir, moment in started:
            [health_file] = (data_dir / "health").glob("*.json")
            wait_until(lambda path=health_file: json.loads(path.read_bytes())["written"] == 20)
            [shown] = json.loads(clock.run_command(data_dir, None, "doctor", "--processes", "--format", "json"))
            assert (shown["state"], shown["recorded"], shown["written"], shown["pending"]) == ("running", 20, 20, 0)
            assert moment <= datetime.fromisoformat(shown["updated"]) < moment + LONGEST


def _host_with_clock_set(
    library: Path, directory: Path, shift: float, hosts: contextlib.ExitStack
) -> tuple[WallClock, Path, datetime]:
    directory.mkdir()
    clock = WallClock(library, directory)
    preloaded = ["env", *(f"{name}={value}" for name, value in clock.variables.items())]
    host = hosts.enter_context(Host(directory / "data", before=preloaded))
    host.tell("call", 10)
    assert host.flush()
    moment = days(shift)
    clock.show(moment)
    host.tell("call", 10)
    return clock, directory / "data", moment


def test_summer_time_changes_no_time_and_no_day(changed: tuple[Tracked, datetime]) -> None:
    tracked, change = changed
    starts = [record.start_time for record in tracked.records()]
    assert all(change - timedelta(seconds=1) < start < change + LONGEST for start in starts), starts


def test_summer_time_changes_no_order(changed: tuple[Tracked, datetime]) -> None:
    records = changed[0].records()
    assert [record.feature_name for record in reversed(records)] == ["inner", "across", "inner"] * 2
    assert all(later.start_time > earlier.start_time for later, earlier in pairwise(records))


def test_summer_time_changes_no_duration(changed: tuple[Tracked, datetime]) -> None:
    durations = [record.duration for record in changed[0].records()]
    assert all(0.005 <= duration < LONGEST.total_seconds() for duration in durations), durations


@pytest.fixture(scope="module")
def winter(library: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[WallClock, Path]:
    """A store of three calls in the second before Berlin's clocks go back from 03:00 to 02:00."""
    directory = tmp_path_factory.mktemp("winter")
    clock = WallClock(library, directory, BERLIN)
    return clock, clock.run_twice(directory, BERLIN_WINTER - timedelta(minutes=1)).data_dir


@pytest.mark.parametrize(
    ("since", "calls"),
    [
        ("15m", 3),
        ("5m", 0),
        ("2026-10-25T02:59+02:00", 3),
        ("2026-10-25T02:59+01:00", 0),
        ("2026-10-25T00:59", 3),
        ("2026-10-25T01:59", 0),
    ],
)
def test_time_range_over_the_end_of_summer_time_is_told_in_utc_and_in_time_that_went_by(
    winter: tuple[WallClock, Path], since: str, calls: int
) -> None:
    clock, data_dir = winter
    now = BERLIN_WINTER + timedelta(minutes=10)  # where clocks show 02:10 for the second time
    found = clock.run_command(data_dir, now, "list-records", "--since", since, "--format", "json")
    assert len(json.loads(found)) == calls
