"""Files that somebody else could have put in place: keys, and code in PLUGINS_DIR."""

from __future__ import annotations

import os
import py_compile
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.privacy.keys import KEY_BYTES, KeyRing
from curio_tracking.testing.command_runs import CommandRun, run_to_file

PLUGIN = """
from curio_tracking import hookimpl

@hookimpl
def curio_register_commands(app):
    app.command("greet")(greet)

def greet():
    "Say hello."
    print("{words}")
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PLUGINS_DIR, with the plugin `greeting`."""
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o700)
    (folder / "greeting.py").write_text(PLUGIN.format(words="hello"))
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(folder))
    return folder


def greet() -> CommandRun:
    return run_to_file(["greet"])


def test_plugin_in_a_file_of_its_own_is_run(plugins: Path) -> None:
    assert greet().out == "hello\n"


def test_directory_itself_may_be_reached_through_a_link(
    plugins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(plugins)
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(tmp_path / "link"))
    assert greet().out == "hello\n"


@pytest.mark.parametrize(
    ("put", "words"),
    [
        (lambda path, other: path.symlink_to(other), "a symbolic link"),
        (lambda path, other: path.symlink_to(other.with_name("gone")), "a symbolic link"),
        (lambda path, other: os.mkfifo(path, 0o600), "something else"),
        (lambda path, other: path.mkdir(), "something else"),
    ],
    ids=["link", "link to nothing", "pipe", "directory"],
)
def test_what_is_no_file_is_refused_in_words(
    plugins: Path, tmp_path: Path, put: Callable[[Path, Path], None], words: str
) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text(PLUGIN.format(words="not you"))
    (plugins / "greeting.py").unlink()
    put(plugins / "greeting.py", elsewhere)
    run = greet()
    assert (run.code, run.out) == (2, "")
    assert f"greeting.py is no file but {words}; put the file itself there" in run.err


def test_compiled_copy_is_neither_run_nor_left_behind(plugins: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(PLUGIN.format(words="not you"))
    cache = plugins / "__pycache__"
    cache.mkdir()
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH  # Python would run it whatever the source says
    tag = f"greeting.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(str(other), str(cache / tag), invalidation_mode=unchecked)
    assert greet().out == "hello\n"
    (cache / tag).unlink()
    greet()
    assert list(cache.iterdir()) == []


@pytest.fixture
def own_user(monkeypatch: pytest.MonkeyPatch) -> int:
    """Who asks: an ordinary user, although the files of the test belong to whoever runs it."""
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    return 12_345


def owned_by(monkeypatch: pytest.MonkeyPatch, owner: int) -> None:
    """Let every open file belong to this user; only root could give them away."""
    fstat = os.fstat

    def given_away(descriptor: int) -> os.stat_result:
        found = list(fstat(descriptor))
        found[4] = owner
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", given_away)


@pytest.mark.parametrize(("owner", "is_used"), [(12_345, True), (0, True), (54_321, False)])
def test_key_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_user: int, owner: int, is_used: bool
) -> None:
    # whoever made the key knows it, and can tell from a pseudonym which of all users it is
    ring = KeyRing(tmp_path / "keys")
    ring.newest_or_new()
    owned_by(monkeypatch, owner)
    assert [len(key.secret) for key in ring.all()] == [KEY_BYTES] * is_used
