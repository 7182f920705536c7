"""The key files: private, created once even by eight processes at a time, never read half."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from curio_tracking.errors import DataDirError
from curio_tracking.privacy.keys import KEY_BYTES, KeyRing

if TYPE_CHECKING:
    from pathlib import Path

RACER = """
import sys, time
from pathlib import Path
from curio_tracking.privacy.keys import KeyRing
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
key = KeyRing(Path(sys.argv[1])).newest_or_new()
print(key.number, key.secret.hex())
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def directory(data_dir: Path) -> Path:
    return data_dir / "keys"


def test_looking_creates_nothing(directory: Path) -> None:
    assert KeyRing(directory).all() == []
    assert not directory.parent.exists()


def test_the_first_key_is_created_once_and_read_again(directory: Path) -> None:
    key = KeyRing(directory).newest_or_new()
    assert key.number == 1
    assert len(key.secret) == KEY_BYTES
    assert KeyRing(directory).newest_or_new() == key


def test_two_stores_have_different_keys(tmp_path: Path) -> None:
    assert KeyRing(tmp_path / "a").newest_or_new().secret != KeyRing(tmp_path / "b").newest_or_new().secret


def test_key_files_and_their_directory_are_private(directory: Path) -> None:
    old = os.umask(0)
    try:
        KeyRing(directory).newest_or_new()
    finally:
        os.umask(old)
    assert mode(directory) == 0o700
    assert mode(directory.parent) == 0o700
    assert mode(directory / "1.key") == 0o600


def test_nothing_but_the_key_is_left_behind(directory: Path) -> None:
    KeyRing(directory).newest_or_new()
    assert [path.name for path in directory.iterdir()] == ["1.key"]


def test_eight_processes_at_once_get_the_same_key(directory: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = {racer.communicate(timeout=180)[0].strip() for racer in racers}
    assert answers == {f"1 {(directory / '1.key').read_bytes().hex()}"}
    assert [path.name for path in directory.iterdir()] == ["1.key"]


def test_a_process_that_comes_second_takes_the_first_ones_key(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and creating, another process may have been there."""
    winner = KeyRing(directory).newest_or_new()
    late = KeyRing(directory)
    monkeypatch.setattr(late, "numbers", list)
    assert late.newest_or_new() == winner


def test_a_file_system_without_hard_links_gets_a_key_too(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    key = KeyRing(directory).newest_or_new()
    assert KeyRing(directory).newest_or_new() == key
    assert [path.name for path in directory.iterdir()] == ["1.key"]


def test_after_rotation_the_newest_key_is_used_and_the_old_one_stays(directory: Path) -> None:
    first = KeyRing(directory).newest_or_new()
    second = KeyRing(directory).rotate()
    assert second.number == 2
    assert KeyRing(directory).newest_or_new() == second
    assert KeyRing(directory).all() == [second, first]


def test_the_tenth_key_is_newer_than_the_ninth(directory: Path) -> None:
    for _ in range(10):
        KeyRing(directory).rotate()
    assert KeyRing(directory).newest_or_new().number == 10


def test_other_files_are_no_keys(directory: Path) -> None:
    key = KeyRing(directory).newest_or_new()
    for name in ("README", "2.key.bak", ".2.key.12.ab", "x.key", "02.key", "0.key"):
        (directory / name).write_bytes(b"x" * KEY_BYTES)
    assert KeyRing(directory).all() == [key]


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_neither_used_nor_replaced(directory: Path, content: bytes) -> None:
    directory.mkdir(parents=True)
    (directory / "1.key").write_bytes(content)
    with pytest.raises(DataDirError, match="no key can be read"):
        KeyRing(directory).newest_or_new()
    assert (directory / "1.key").read_bytes() == content


def test_a_link_in_the_place_of_a_key_is_not_followed(directory: Path, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.write_bytes(b"k" * KEY_BYTES)
    directory.mkdir(parents=True)
    (directory / "1.key").symlink_to(planted)
    assert KeyRing(directory).all() == []


def test_a_link_in_the_place_of_the_directory_is_not_followed(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    directory.parent.mkdir()
    directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataDirError, match="not a directory"):
        KeyRing(directory).newest_or_new()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_pipe_in_the_place_of_a_key_does_not_block(directory: Path) -> None:
    directory.mkdir(parents=True)
    os.mkfifo(directory / "1.key")
    assert KeyRing(directory).all() == []


def test_a_key_that_others_can_read_is_closed_to_them_with_a_warning(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = KeyRing(directory).newest_or_new()
    (directory / "1.key").chmod(0o644)
    assert KeyRing(directory).newest_or_new() == key
    assert mode(directory / "1.key") == 0o600
    assert "others could read this key" in caplog.text
    assert key.secret.hex() not in caplog.text


def test_a_directory_that_others_can_read_is_closed_to_them(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o755)
    directory.chmod(0o755)
    KeyRing(directory).newest_or_new()
    assert mode(directory) == 0o700


def test_a_file_in_the_place_of_the_data_directory_is_an_error(data_dir: Path) -> None:
    data_dir.write_text("")
    with pytest.raises(DataDirError):
        KeyRing(data_dir / "keys").newest_or_new()
