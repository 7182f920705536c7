"""The wall clock jumps, stands wrong, or leaves summer time, while a program runs. Budget: 20 s.

A process reads it once; from then on its times come from the monotonic clock. So they are in order and as far apart as
the calls were, and belong to the moment that the clock showed at the beginning.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import store_checks
from twice import Tracked, assert_store_is_as_accounted, run_twice
from wall_clock import FILE, compiled, set_ahead, until

from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

LONGEST_CALL: Final = 30.0
"""Seconds; what the clock is set by is hours and more."""
A_DAY: Final = 86_400
NOW: Final = timedelta(0)

Run = Callable[..., Tracked]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("wall_clock"))


@pytest.fixture
def at(tmp_path: Path, library: Path) -> Callable[..., dict[str, str]]:
    """Return the variables of a program whose clock is so far ahead when it begins."""

    def variables(ahead: timedelta, zone: str = "UTC") -> dict[str, str]:
        set_ahead(tmp_path / "ahead", ahead)
        return {"LD_PRELOAD": str(library), FILE: str(tmp_path / "ahead"), "TZ": zone}

    return variables


@pytest.fixture
def run(tmp_path: Path, at: Callable[..., dict[str, str]]) -> Run:
    """Run the program; its clock is set to each of the times, in seconds after its beginning."""

    def run(*seconds: float, ahead: timedelta = NOW, zone: str = "UTC", **settings: str) -> Tracked:
        again = {"data_dir": tmp_path / "on"}
        variables = at(ahead, zone)
        tracked = run_twice("clocks.py", tmp_path, *map(str, seconds), variables=variables, **again, **settings)
        assert tracked.output == "".join(f"minutes: {round(one / 60)}\n" for one in seconds)
        return tracked

    return run


@pytest.fixture
def command(tmp_path: Path, at: Callable[..., dict[str, str]]) -> Callable[..., Any]:
    """Run a command with a clock of its own over the same store; return what it printed."""

    def run(*arguments: str, ahead: timedelta = NOW, zone: str = "UTC", **settings: str) -> str:
        here = {"FEATURE_TRACKING_DATA_DIR": str(tmp_path / "on"), **at(ahead, zone)}
        there = {f"FEATURE_TRACKING_{name.upper()}": value for name, value in settings.items()}
        line = [sys.executable, "-m", "curio_tracking", *arguments]
        ended = subprocess.run(line, env=os.environ | here | there, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
        return ended.stdout

    return run


def starts(tracked: Tracked) -> list[datetime]:
    """Return when the calls began, in the order in which they are listed, oldest first."""
    return [record.start_time for record in reversed(tracked.records())]


JUMPS: Final = pytest.mark.parametrize(
    "seconds", [(-3 * A_DAY, 0), (400 * A_DAY, -400 * A_DAY), (3600, -3600, 7200)], ids=["back", "far", "hours"]
)


@JUMPS
def test_clock_that_jumps_makes_no_call_negative_or_long(run: Run, seconds: tuple[float, ...]) -> None:
    tracked = run(*seconds)
    assert_store_is_as_accounted(tracked)
    assert tracked.calls() == 2 * len(seconds)
    assert all(0.005 <= record.duration < LONGEST_CALL for record in tracked.records())


@JUMPS
def test_calls_stay_in_order_and_where_the_program_began(run: Run, seconds: tuple[float, ...]) -> None:
    records = run(*seconds).records()
    assert [record.feature_name for record in records] == ["across", "after"] * len(seconds)
    now = datetime.now(UTC)
    assert all(now - timedelta(minutes=5) < record.start_time < now + timedelta(seconds=1) for record in records)


@pytest.mark.parametrize("seconds", [A_DAY, -A_DAY])
def test_jump_over_midnight_parts_no_totals_from_their_records(run: Run, command: Any, seconds: float) -> None:
    evening = until("2026-03-10T23:50:00")
    assert {start.date().day for start in starts(run(seconds, ahead=evening))} == {10}
    command("maintain", ahead=evening + timedelta(days=1))
    # late for a day that is closed, and early for one that is not there yet
    run(-seconds, ahead=evening)
    tracked = run(seconds, ahead=evening + timedelta(days=1))
    command("maintain", ahead=evening + timedelta(days=3))
    assert tracked.calls() == 6


@pytest.mark.parametrize("moment", ["1970-01-02T12:00:00", "2038-01-19T03:14:06", "2099-12-31T23:59:58"])
def test_calls_of_a_clock_that_stands_wrong_are_kept_beside_others(run: Run, command: Any, moment: str) -> None:
    run(0)
    tracked = run(5, ahead=until(moment))
    begun = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert sum(begun - timedelta(minutes=1) < start < begun + timedelta(minutes=5) for start in starts(tracked)) == 2
    assert tracked.calls() == 4
    (across, _after) = json.loads(command("list-features", "--format", "json"))
    assert (across["feature_name"], across["total_calls"]) == ("across", 2)


def test_clock_far_ahead_makes_records_old_before_their_time_and_loses_no_total(run: Run, command: Any) -> None:
    run(0)
    tracked = run(0, ahead=timedelta(days=400))
    command("maintain", ahead=timedelta(days=400), retention_days="90")
    backend = TinyFluxBackend(tracked.data_dir)
    assert len(store_checks.records_once(backend)) == 2
    assert store_checks.calls_by_feature(backend) == {"after": 2, "across": 2}


def test_process_whose_clock_was_set_back_counts_as_what_it_is(run: Run, command: Any) -> None:
    run(-3 * A_DAY, 0)
    (process,) = json.loads(command("doctor", "--processes", "--format", "json", ahead=timedelta(days=-2)))
    assert (process["state"], process["recorded"], process["written"]) == ("ended", 4, 4)
    assert process["started"] <= process["updated"]


SUMMER_TIME: Final = pytest.mark.parametrize(
    ("moment", "zone"),
    [
        ("2026-10-25T00:59:58", "Europe/Berlin"),
        ("2026-03-29T00:59:58", "Europe/Berlin"),
        ("2026-04-04T14:59:58", "Australia/Lord_Howe"),
        ("2026-10-03T15:29:58", "Australia/Lord_Howe"),
    ],
    ids=["ends", "begins", "ends by half an hour", "begins by half an hour"],
)


@SUMMER_TIME
def test_change_of_summer_time_moves_no_call(run: Run, moment: str, zone: str) -> None:
    """Local time jumps, or comes twice; the clock of the machine, and the times of records, are in UTC."""
    tracked = run(0, 3600, ahead=until(moment), zone=zone)
    begun = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    found = starts(tracked)
    assert found == sorted(found)
    assert begun <= found[0] < begun + timedelta(minutes=1)
    assert found[-1] - found[0] < timedelta(seconds=LONGEST_CALL)
    assert tracked.calls() == 4


@SUMMER_TIME
def test_time_ranges_are_in_utc_while_summer_time_changes(run: Run, command: Any, moment: str, zone: str) -> None:
    run(0, ahead=until(moment), zone=zone)
    later = until(moment) + timedelta(minutes=59)
    for since, calls in (("1h", 2), ("50m", 0), (moment, 2), (moment[:10], 2)):
        line = ("list-records", "--since", since, "--until", "2026-12-31", "--format", "json")
        assert len(json.loads(command(*line, ahead=later, zone=zone))) == calls, since
