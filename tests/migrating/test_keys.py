"""The keys of pseudonyms come along into another directory, and never replace those that are there."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking.migrating.keys import KeyTransfer, transfer_keys
from curio_tracking.privacy.keys import Key, KeyRing


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A data directory with two keys."""
    ring = KeyRing(tmp_path / "source" / "keys")
    ring.newest_or_new()
    ring.rotate()
    return tmp_path / "source"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A data directory that is not there yet."""
    return tmp_path / "target"


def keys(data_dir: Path) -> list[Key]:
    return KeyRing(data_dir / "keys").all()


def test_all_keys_are_copied(source: Path, target: Path) -> None:
    assert transfer_keys(source, target) is KeyTransfer.COPIED
    assert keys(target) == keys(source)


def test_copies_are_for_their_owner_alone(source: Path, target: Path) -> None:
    transfer_keys(source, target)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (target / "keys").iterdir()}
    assert modes == {"1.key": 0o600, "2.key": 0o600}


def test_second_time_there_is_nothing_to_do(source: Path, target: Path) -> None:
    transfer_keys(source, target)
    assert transfer_keys(source, target) is KeyTransfer.NOT_NEEDED


def test_missing_one_is_added(source: Path, target: Path) -> None:
    KeyRing(target / "keys").adopt(keys(source)[-1:])
    assert transfer_keys(source, target) is KeyTransfer.COPIED
    assert keys(target) == keys(source)


def test_other_key_under_the_same_number_stays(source: Path, target: Path) -> None:
    own = KeyRing(target / "keys").newest_or_new()
    assert transfer_keys(source, target) is KeyTransfer.REFUSED
    assert keys(target) == [own]


def test_without_keys_nothing_is_made(tmp_path: Path, target: Path) -> None:
    assert transfer_keys(tmp_path / "nothing", target) is KeyTransfer.NOT_NEEDED
    assert not target.exists()


def test_rehearsal_makes_nothing(source: Path, target: Path) -> None:
    assert transfer_keys(source, target, is_rehearsal=True) is KeyTransfer.COPIED
    assert not target.exists()


def spoil_directory(target: Path) -> None:
    target.mkdir()
    (target / "keys").write_text("")


def spoil_parent(target: Path) -> None:
    target.write_text("")


@pytest.mark.parametrize("spoil", [spoil_directory, spoil_parent])
def test_place_that_cannot_be_written_is_no_reason_to_stop(
    source: Path, target: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(target)
    assert transfer_keys(source, target) is KeyTransfer.REFUSED
