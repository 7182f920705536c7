"""doctor: the processes that track into a store, for people and for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from health_examples import leave_health

from curio_tracking.health import HEALTH_FIELDS, PROCESS_FIELDS

Run = Callable[..., Any]


def test_process_is_shown_below_the_parts_of_the_store(run: Run, shop: Any, data_dir: Path) -> None:
    file = leave_health(data_dir)
    result = run("doctor")
    parts, processes = result.out.split("process_id\t")
    assert parts.startswith("part\t")
    assert processes.splitlines()[1].split("\t")[:6] == [str(os.getpid()), "shop", "running", "1000", "900", "40"]
    file.close()


def test_processes_are_one_array_with_the_keys_of_health(run: Run, data_dir: Path) -> None:
    leave_health(data_dir, state="ended").close()
    leave_health(data_dir).close()
    found = json.loads(run("doctor", "--processes", "--format", "json").out)
    assert [list(process) for process in found] == [[*PROCESS_FIELDS, *HEALTH_FIELDS]] * 2
    assert {process["state"] for process in found} == {"ended", "killed"}
    assert found[0]["dropped"] == {"sampling": 50, "exit": 3}


def test_parts_of_the_store_stay_one_array(run: Run, shop: Any, data_dir: Path) -> None:
    leave_health(data_dir).close()
    assert all("part" in row for row in json.loads(run("doctor", "--format", "json").out))


def test_every_backend_has_processes(run: Run, data_dir: Path) -> None:
    leave_health(data_dir).close()
    result = run("--backend", "csv", "doctor")
    assert (result.code, "killed" in result.out) == (0, True)


def test_nothing_is_shown_of_processes_where_there_are_none(run: Run, shop: Any) -> None:
    assert "process_id" not in run("doctor").out
    assert json.loads(run("doctor", "--processes", "--format", "json").out) == []


@pytest.mark.parametrize(
    ("health", "remark"),
    [
        ({}, "process {pid} (shop): it was killed, or hung at its end; what it had buffered since"),
        ({"state": "failed"}, "process {pid} (shop): its writer has failed"),
        ({}, "3 calls were lost at its end; a larger EXIT_TIMEOUT"),
        ({}, "40 calls came faster than they could be written"),
        ({"dropped": {"overflow": 9}}, "9 calls were dropped"),
        ({}, "failures by place: backend 2"),
    ],
)
def test_people_are_told_what_to_know(run: Run, data_dir: Path, health: dict[str, Any], remark: str) -> None:
    leave_health(data_dir, **health).close()
    assert remark.format(pid=os.getpid()) in run("doctor").err


def test_process_that_is_well_gets_no_remark(run: Run, shop: Any, data_dir: Path) -> None:
    file = leave_health(data_dir, folded=0, dropped={"sampling": 5}, errors={})
    assert "process" not in run("doctor").err
    file.close()


def test_names_of_applications_are_harmless_on_a_terminal(run: Run, data_dir: Path) -> None:
    leave_health(data_dir, app="\x1b[31mred\u202e").close()
    result = run("doctor")
    assert "\x1b" not in result.out + result.err
    assert "\\x1b[31mred" in result.out


def test_looking_changes_nothing(run: Run, data_dir: Path) -> None:
    leave_health(data_dir).close()
    before = {path: path.stat().st_mtime_ns for path in data_dir.rglob("*")}
    run("doctor", "--processes")
    assert {path: path.stat().st_mtime_ns for path in data_dir.rglob("*")} == before
