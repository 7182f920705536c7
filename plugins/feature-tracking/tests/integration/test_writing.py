"""How changed source takes the place of the old one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from feature_tracking.integration.writing import SourceError, read_source, replace_source


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "code" / "a.py"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


def test_new_content_takes_the_place_of_the_old(file: Path) -> None:
    replace_source(file, b"old", b"new")
    assert file.read_bytes() == b"new"


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o664])
def test_mode_stays(file: Path, mode: int) -> None:
    file.chmod(mode)
    replace_source(file, b"old", b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_nothing_is_left_beside_the_file(file: Path) -> None:
    replace_source(file, b"old", b"new")
    assert os.listdir(file.parent) == ["a.py"]


def test_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    file.write_bytes(b"newer")
    with pytest.raises(SourceError, match="changed in the meantime"):
        replace_source(file, b"old", b"new")
    assert (file.read_bytes(), os.listdir(file.parent)) == (b"newer", ["a.py"])


def test_read_only_file_is_left_alone(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(SourceError, match=r"chmod u\+w"):
        replace_source(file, b"old", b"new")
    assert (file.read_bytes(), os.listdir(file.parent)) == (b"old", ["a.py"])


def test_file_that_became_a_link_is_left_alone(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.py"
    target.write_bytes(b"old")
    file.unlink()
    file.symlink_to(target)
    with pytest.raises(SourceError, match="symbolic link"):
        replace_source(file, b"old", b"new")
    assert (target.read_bytes(), file.is_symlink()) == (b"old", True)


def test_file_that_vanished_is_not_made_anew(file: Path) -> None:
    file.unlink()
    with pytest.raises(SourceError, match="cannot be"):
        replace_source(file, b"old", b"new")
    assert os.listdir(file.parent) == []


def test_link_is_not_read(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to(file)
    with pytest.raises(SourceError, match="symbolic link"):
        read_source(link)


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(SourceError, match="no regular file"):
        read_source(tmp_path / "pipe.py")


def test_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        read_source(tmp_path / "none.py")
