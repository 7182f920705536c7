"""A store whose directory is read-only, forbidden, missing or taken away under a running host. Budget: 10 s."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import store_checks
from hosts import Host, small_disk

from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

CALLS: Final = 200
# root, but without the power to pass over permissions
_LIKE_ANYBODY: Final = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override"]


def remount(root: Path, option: str) -> None:
    """Mount a file system anew, read-only or writable."""
    subprocess.run(["mount", "-o", f"remount,{option}", str(root)], check=True)


def assert_goes_on_and_resumes(data_dir: Path, tmp_path: Path, mend: Callable[[], None]) -> None:
    """Run a host whose store cannot be written until it is mended; its results are those without tracking."""
    with Host(data_dir, before=_LIKE_ANYBODY, exit_timeout="60") as host:
        results = [host.tell("call", CALLS)]
        assert not host.flush(0.5)
        assert host.health()["written"] == 0
        mend()
        results.append(host.tell("call", CALLS))
        assert host.flush()
        health = host.health()
        assert (health["written"], health["dropped"]) == (2 * CALLS, {})
        assert host.end(7) == (7, "")
    with Host(tmp_path / "none", enabled="false") as host:
        assert results == [host.tell("call", CALLS), host.tell("call", CALLS)]
        assert host.end(7) == (7, "")
    assert len(store_checks.records_once(TinyFluxBackend(data_dir))) == 2 * CALLS


def test_read_only_file_system_costs_nothing_and_writing_resumes(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4_000_000) as disk:
        remount(disk.root, "ro")
        assert_goes_on_and_resumes(disk.root / "data", tmp_path, lambda: remount(disk.root, "rw"))


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_directory_without_permission_costs_nothing_and_writing_resumes(tmp_path: Path, mode: int) -> None:
    parent = tmp_path / "parent"
    parent.mkdir()
    parent.chmod(mode)
    assert_goes_on_and_resumes(parent / "data", tmp_path, lambda: parent.chmod(0o700))


def test_file_in_the_place_of_a_directory_costs_nothing_and_writing_resumes(tmp_path: Path) -> None:
    blocker = tmp_path / "blocker"
    blocker.write_text("", "utf-8")
    assert_goes_on_and_resumes(blocker / "data", tmp_path, blocker.unlink)


def test_missing_directories_are_made(tmp_path: Path) -> None:
    data_dir = tmp_path / "not" / "there" / "yet"
    with Host(data_dir) as host:
        host.tell("call", CALLS)
        assert host.flush()
        assert host.end(7) == (7, "")
    assert len(store_checks.records_once(TinyFluxBackend(data_dir))) == CALLS


def test_directory_that_is_deleted_while_the_host_runs_is_made_anew(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with Host(data_dir) as host:
        results = [host.tell("call", CALLS)]
        assert host.flush()
        shutil.rmtree(data_dir)
        results.append(host.tell("call", CALLS))
        assert host.flush()
        assert host.health()["written"] == 2 * CALLS
        assert host.end(7) == (7, "")
    assert results[0] == results[1]
    assert len(store_checks.records_once(TinyFluxBackend(data_dir))) == CALLS
