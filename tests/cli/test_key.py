"""key: numbers and dates are shown, the keys never; a new one leaves the old ones where they are."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curio_tracking import FeatureTracker
from curio_tracking.privacy.keys import KeyRing, KeyState

Run = Callable[..., Any]
APPLICATION = """
from curio_tracking import feature_tracker
for _line in iter(input, "end"):
    feature_tracker.complete_custom_tracking(feature_tracker.start_custom_tracking("work", user_id="ada"))
    feature_tracker.flush(60)
    print("done", flush=True)
"""


def listed(run: Run) -> list[tuple[int, str]]:
    return [(row["number"], row["state"]) for row in json.loads(run("key", "list", "--format", "json").out)]


def test_listing_without_keys_says_so_and_makes_none(run: Run, data_dir: Path) -> None:
    result = run("key", "list")
    assert (result.code, "no key yet" in result.err) == (0, True)
    assert not data_dir.exists()


def test_key_of_a_time_that_no_datetime_has_is_listed_without_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    states = [KeyState(2, 1e15, None), KeyState(1, -1e15, None)]
    monkeypatch.setattr(KeyRing, "states", lambda _ring: states)
    result = run("key", "list", "--format", "json")
    rows = [{"number": 2, "created": None, "state": "in use"}, {"number": 1, "created": None, "state": "kept"}]
    assert (result.code, json.loads(result.out)) == (0, rows)


def test_rotation_makes_a_private_key_and_keeps_the_one_before(run: Run, data_dir: Path) -> None:
    first = KeyRing(data_dir / "keys").newest_or_new()
    result = run("key", "rotate")
    assert (result.code, result.out) == (0, "")
    assert "key 2 is made" in result.err
    assert listed(run) == [(2, "in use"), (1, "kept")]
    assert first in KeyRing(data_dir / "keys").all()
    assert stat.S_IMODE((data_dir / "keys" / "2.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("format_name", ["table", "json", "csv", "md"])
def test_no_key_is_ever_shown(run: Run, data_dir: Path, format_name: str) -> None:
    run("key", "rotate")
    secret = (data_dir / "keys" / "1.key").read_bytes()
    shown = run("key", "list", "--format", format_name).out
    assert secret.hex() not in shown
    assert repr(secret)[2:-1] not in shown


def test_damaged_key_is_named_once_and_left_as_it_is(run: Run, data_dir: Path) -> None:
    run("key", "rotate")
    path = data_dir / "keys" / "1.key"
    path.write_bytes(b"short")
    result = run("key", "rotate")
    assert result.code == 0
    assert [line for line in result.err.splitlines() if "damaged" in line] == [
        "key 1 cannot be used and was left as it is: damaged: not 32 bytes long"
    ]
    assert path.read_bytes() == b"short"
    assert listed(run) == [(2, "in use"), (1, "damaged: not 32 bytes long")]


def test_place_where_no_key_can_be_made_is_one_message(run: Run, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "keys").write_text("in the way")
    result = run("key", "rotate")
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert (data_dir / "keys").read_text() == "in the way"


def test_running_application_goes_on_with_its_key_and_the_next_one_takes_the_new(run: Run, data_dir: Path) -> None:
    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", APPLICATION], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def record(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"

    old = start()
    record(old)
    run("key", "rotate")
    record(old)
    new = start()
    record(new)
    for process in (old, new):
        process.communicate("end\n", timeout=180)
    found = json.loads(run("list-records", "--user", "ada", "--format", "json").out)
    assert sorted(row["user_id"].partition(":")[0] for row in found) == ["1", "1", "2"]


def test_processes_that_rotate_at_once_leave_whole_keys_alone(run: Run, data_dir: Path) -> None:
    KeyRing(data_dir / "keys").newest_or_new()
    command = [sys.executable, "-m", "curio_tracking", "key", "rotate"]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(6)]
    for process in running:
        process.communicate(timeout=180)
    assert {process.returncode for process in running} == {0}
    states = listed(run)
    assert [number for number, _state in states] == list(range(len(states), 0, -1))
    assert {state for _number, state in states[1:]} == {"kept"}
    assert [path.name for path in (data_dir / "keys").iterdir() if path.name.startswith(".")] == []


def test_keys_leave_with_no_export(run: Run, make_tracker: Callable[..., FeatureTracker], data_dir: Path) -> None:
    tracker = make_tracker(backend="tinyflux")
    tracker.complete_custom_tracking(tracker.start_custom_tracking("work", user_id="ada"))
    tracker.close()
    secret = (data_dir / "keys" / "1.key").read_bytes()
    for format_name in ("jsonl", "csv"):
        path = Path(f"export.{format_name}")
        assert run("export", "--format", format_name, "--output", str(path)).code == 0
        assert secret not in path.read_bytes()
        assert secret.hex() not in path.read_text()
