"""The part of the backends' suite about files: none before there is something to keep, and none for other users.

It looks at the test's temporary directory, where the fixture `make_backend` usually puts the store; a store elsewhere
(a server, memory) has nothing to show there.
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from curio_tracking.queries import SummaryQuery
from curio_tracking.records import FeatureInfo
from curio_tracking.testing.backend_examples import EVERYTHING, MakeBackend, examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FileContract:
    """What a backend may put on the disk."""

    @pytest.fixture
    def store_directory(self, tmp_path: Path) -> Path:
        """Return the directory below which the store keeps its files, if it keeps any; override it for another one."""
        return tmp_path

    @pytest.fixture
    def open_umask(self) -> Iterator[None]:
        """Let a file be for everybody unless its maker says otherwise."""
        before = os.umask(0)
        yield
        os.umask(before)

    def test_constructing_and_asking_create_nothing(self, make_backend: MakeBackend, store_directory: Path) -> None:
        before = files_below(store_directory)
        reader = make_backend()
        list(reader.records(EVERYTHING))
        list(reader.summaries(SummaryQuery()))
        reader.close()
        assert files_below(store_directory) == before

    @pytest.mark.usefixtures("open_umask")
    def test_files_are_for_their_owner_only(self, make_backend: MakeBackend, store_directory: Path) -> None:
        before = files_below(store_directory)
        backend = make_backend()
        backend.append(examples())
        backend.declare([FeatureInfo("never", "other")])
        self._assert_private(files_below(store_directory) - before)
        backend.close()
        self._assert_private(files_below(store_directory) - before)

    @staticmethod
    def _assert_private(paths: set[Path]) -> None:
        modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in paths}
        open_to_others = {str(path): f"{mode:04o}" for path, mode in modes.items() if mode & 0o077}
        assert not open_to_others, "make directories 0700 and files 0600"


def files_below(directory: Path) -> set[Path]:
    """Return every file and directory below this one."""
    return set(directory.rglob("*"))
