"""Nothing private gets out: canaries are handed to the tracker everywhere, and then sought everywhere.

In all three profiles, after real processes have ended, were killed or had no room on their disk; in plain text,
base64, hex and URL encoding, inside compressed files too. That the search finds what is there to be found, and that the
canaries do reach every place, is shown by taking out one filter after the other.

Budget: some 90 s in all.
"""

from __future__ import annotations

import base64
import gzip
import json
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from bird_surfaces import NOBODY, answers, command_lines, run_all, served
from bird_texts import RECOGNISED, TEXTS
from bird_world import KINDS, Leak, World, leaks_in
from hosts import small_disk

PROFILES: Final = ("development", "staging", "production")
DISK_BYTES: Final = 64 * 1024
VALUES_ARE_NEVER_KEPT: Final = {"cause", "headers", "keyword", "nested"}
"""Features of places from which nothing can come, whatever the filters do."""


@pytest.fixture(scope="module", params=PROFILES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which an application has said everything, and in which upkeep has compressed old days."""
    world = World(tmp_path_factory.mktemp("canaries") / "world", request.param)
    world.live()
    make_old_days(world)
    return world


def make_old_days(world: World) -> None:
    """Let the store have records of two months ago, compressed and in rollups, besides those of today."""
    exported = world.root / "work" / "exported.jsonl"
    exported.write_bytes(world.run(["export"]).stdout)
    old = exported.with_name("old.jsonl")
    with old.open("w") as file:
        for line in exported.read_text().splitlines():
            record = json.loads(line)
            start = datetime.fromisoformat(record["start_time"]) - timedelta(days=60)
            changes = {"record_id": f"old-{record['record_id']}", "start_time": start.isoformat()}
            file.write(json.dumps(record | changes) + "\n")
    for arguments in (["import", "old.jsonl"], ["maintain"]):
        done = world.run(arguments)
        assert done.returncode == 0, done.stderr
    assert list(world.data_dir.rglob("*.csv.gz"))
    assert list(world.data_dir.rglob("rollups/*.rollup"))


def stored(world: World, backend: str = "tinyflux") -> list[dict[str, Any]]:
    """Return the records of a store as the command line shows them."""
    return [json.loads(line) for line in world.run(["--backend", backend, "export"]).stdout.splitlines()]


# -- that nothing gets out ------------------------------------------------------------------------------------------


def test_no_canary_is_on_the_disk_in_a_log_or_in_what_the_host_printed(world: World) -> None:
    assert "cannot take" not in world.log.read_text()
    assert world.leaks() == []


def test_no_command_prints_or_writes_a_canary(world: World) -> None:
    found: list[Leak] = []
    for line, code, printed in run_all(world, command_lines()):
        assert code in (0, 1) or NOBODY in line, f"{line} was not tried: {printed.decode()}"
        found += leaks_in(printed, line)
    assert found == []
    assert world.leaks() == []


def test_no_answer_of_the_dashboard_has_a_canary(world: World) -> None:
    found: list[Leak] = []
    paths = []
    with served(world) as address:
        for path, data in answers(address):
            paths.append(path)
            found += leaks_in(data, path)
    assert found == []
    assert any("/api/records" in path for path in paths)
    assert world.leaks() == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("backend", ["tinyflux", "csv"])
def test_no_canary_is_on_the_disk_after_a_kill(tmp_path: Path, profile: str, backend: str) -> None:
    world = World(tmp_path / "world", profile)
    for seconds in (0.0, 0.05, 0.2):
        process = world.start("kill", backend=backend)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n", world.told()
        time.sleep(seconds)
        process.kill()
        process.communicate()
    assert stored(world, backend)
    assert world.leaks() == []


@pytest.mark.parametrize("profile", PROFILES)
def test_no_canary_gets_out_while_the_disk_is_full_nor_when_there_is_room_again(tmp_path: Path, profile: str) -> None:
    with small_disk(tmp_path / "disk", DISK_BYTES) as disk:
        world = World(tmp_path / "world", profile, disk.root / "data")
        process = world.start("wait", exit_timeout="5")
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n", world.told()
        assert "'pending': 0" not in world.log.read_text()
        assert "cannot store records for now" in world.log.read_text()
        assert world.leaks() == []
        process.send_signal(signal.SIGSTOP)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk.root)], check=True)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=180)
        assert stored(world)
        assert world.leaks() == []


# -- that the search can fail ---------------------------------------------------------------------------------------

PLANTED: Final[dict[str, Callable[[bytes], bytes]]] = {
    "plain": bytes,
    "base64": base64.b64encode,
    "base64, one byte in": lambda text: base64.b64encode(b"x" + text),
    "base64, two bytes in": lambda text: base64.urlsafe_b64encode(b"xy" + text),
    "hex": lambda text: text.hex().encode(),
    "URL": lambda text: "".join(f"%{byte:02X}" for byte in text).encode(),
    "compressed": gzip.compress,
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("encoding", PLANTED)
@pytest.mark.parametrize(
    "place", ["data/raw/2026-11-01/a.csv", "data/quarantine/a.rows", "tmp/a", "work/a", "debug.log"]
)
def test_what_is_planted_is_found(tmp_path: Path, kind: str, encoding: str, place: str) -> None:
    world = World(tmp_path / "world", "production")
    file = world.root / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"before " + PLANTED[encoding](TEXTS[kind].encode()) + b" after")
    assert kind in {leak.kind for leak in world.leaks()}


def test_text_in_the_name_of_a_file_is_found(tmp_path: Path) -> None:
    world = World(tmp_path / "world", "production")
    (world.root / "tmp" / TEXTS["user"]).touch()
    assert "user" in {leak.kind for leak in world.leaks()}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("without", "expected"),
    [
        ("redact", {"password", *RECOGNISED}),
        ("anonymize", {"user", "session"}),
        ("exclude", {"excluded"}),
    ],
)
def test_without_a_filter_the_scenario_leaks(tmp_path: Path, profile: str, without: str, expected: set[str]) -> None:
    world = World(tmp_path / "world", profile)
    world.live(without)
    assert expected <= {leak.kind for leak in world.leaks()}


def test_without_the_care_for_cut_ends_parts_of_secrets_leak(tmp_path: Path) -> None:
    world = World(tmp_path / "world", "development")
    world.live("cut ends")
    parts = {kind for kind in KINDS if kind.startswith("part of")}
    assert {leak.kind for leak in world.leaks()} & parts == parts - {"part of private_key"}


def test_without_filters_every_place_leaks(tmp_path: Path) -> None:
    world = World(tmp_path / "world", "development")
    world.live("redact", "anonymize", "exclude")
    leaking = set()
    for record in stored(world):
        if any(leaks_in(json.dumps(record | {"feature_name": ""}).encode(), "")):
            leaking.add(record["feature_name"])
    features = {record["feature_name"] for record in stored(world)} - {TEXTS["excluded"]}
    assert features - leaking == VALUES_ARE_NEVER_KEPT
    assert len(features) > 15


def test_commands_and_pages_show_what_is_in_the_store_without_filters(tmp_path: Path) -> None:
    world = World(tmp_path / "world", "development")
    world.live("redact", "anonymize", "exclude")
    with served(world) as address:
        shown = {path for path, data in answers(address) if any(leaks_in(data, path))}
    assert any("/api/" in path for path in shown)
    assert any("/pages/" in path for path in shown)
    printed = [" ".join(line) for line in (["list-records"], ["export"], ["list-features"])]
    assert [line for line in printed if any(leaks_in(world.run(line.split()).stdout, line))] == printed
