"""One migration into a data directory at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from curio_tracking.errors import DataDirError
from curio_tracking.migrating.lock import only_migration
from curio_tracking.migrating.sides import MigrationError


def test_second_one_is_refused_while_the_first_runs(data_dir: Path) -> None:
    with (
        only_migration(data_dir),
        pytest.raises(MigrationError, match="another migration into"),
        only_migration(data_dir),
    ):
        pass


def test_next_one_may_begin_after_the_first_has_ended(data_dir: Path) -> None:
    for _turn in range(2):
        with only_migration(data_dir):
            assert os.listdir(data_dir) == ["migrate.lock"]


def test_nothing_is_left_behind(data_dir: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_migration(data_dir):
        raise ZeroDivisionError
    assert os.listdir(data_dir) == []


def test_killed_one_keeps_nobody_out(data_dir: Path) -> None:
    child = os.fork()
    if child == 0:
        with only_migration(data_dir):
            os._exit(0)  # as a kill would: nothing is tidied up
    os.waitpid(child, 0)
    with only_migration(data_dir):
        pass


def test_file_in_the_place_of_the_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataDirError, match="cannot create the directory"), only_migration(tmp_path / "data"):
        pass
