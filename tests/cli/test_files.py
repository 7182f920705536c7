from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

import pytest

from curio_tracking.cli.files import OutputFileError, new_file


@pytest.fixture
def here() -> Path:
    """The empty directory that the test runs in."""
    return Path.cwd()


def test_file_appears_whole_and_for_its_owner_only(here: Path) -> None:
    target = here / "out.txt"
    with new_file(target, replace=False) as stream:
        stream.write(b"all\r\nof it\n")
        assert not target.exists()
    assert target.read_bytes() == b"all\r\nof it\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert os.listdir(here) == ["out.txt"]


def test_failure_leaves_nothing_behind(here: Path) -> None:
    def interrupted() -> None:
        with new_file(here / "out.txt", replace=False) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(here) == []


def test_existing_file_stays_unless_it_may_go(here: Path) -> None:
    target = here / "out.txt"
    target.write_text("old")
    with pytest.raises(OutputFileError, match="exists already"), new_file(target, replace=False):
        pytest.fail("the block must not run")
    with new_file(target, replace=True) as stream:
        stream.write(b"new")
    assert target.read_text() == "new"


def test_file_that_comes_meanwhile_is_not_overwritten(here: Path) -> None:
    target = here / "out.txt"

    def overtaken() -> None:
        with new_file(target, replace=False) as stream:
            stream.write(b"ours")
            target.write_text("theirs")

    with pytest.raises(OutputFileError, match="exists already"):
        overtaken()
    assert target.read_text() == "theirs"
    assert os.listdir(here) == ["out.txt"]


@pytest.mark.parametrize("replace", [False, True])
def test_symbolic_link_is_not_followed(here: Path, replace: bool) -> None:
    (here / "precious").write_text("old")
    link = here / "link"
    link.symlink_to("precious")
    with pytest.raises(OutputFileError, match="no regular file"), new_file(link, replace=replace):
        pytest.fail("the block must not run")
    assert (here / "precious").read_text() == "old"


def test_device_is_not_replaced() -> None:
    with pytest.raises(OutputFileError, match="no regular file"), new_file(Path(os.devnull), replace=True):
        pytest.fail("the block must not run")


def test_missing_directory_is_named(here: Path) -> None:
    with (
        pytest.raises(OutputFileError, match=r"nowhere/out\.txt: No such file or directory"),
        new_file(here / "nowhere" / "out.txt", replace=False),
    ):
        pytest.fail("the block must not run")


def test_full_disk_is_reported_with_the_file_s_name(here: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with (
            pytest.raises(OutputFileError, match=r"out\.txt: File too large"),
            new_file(here / "out.txt", replace=False) as stream,
        ):
            stream.write(b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(here) == []
