"""Declared features: one small file that several processes add to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curio_tracking.errors import DataDirError, StorageError
from curio_tracking.records import FeatureInfo
from curio_tracking.storage.declarations import Declarations
from curio_tracking.testing.strategies import infos

ONE, TWO = FeatureInfo("one", "other", "app:one"), FeatureInfo("two", "sysmon")


@pytest.fixture
def declarations(data_dir: Path) -> Declarations:
    return Declarations(data_dir, data_dir=data_dir, durable=False)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(features=st.lists(infos(), max_size=5, unique_by=lambda info: (info.feature_name, info.category)))
def test_any_feature_comes_back(declarations: Declarations, data_dir: Path, features: list[FeatureInfo]) -> None:
    declarations.add(features)
    assert declarations.all() == features
    (data_dir / "features.jsonl").unlink(missing_ok=True)


def test_declaring_again_writes_nothing(declarations: Declarations, data_dir: Path) -> None:
    declarations.add([ONE, ONE, TWO])
    before = (data_dir / "features.jsonl").read_bytes()
    declarations.add([TWO, ONE])
    Declarations(data_dir, data_dir=data_dir, durable=False).add([ONE])
    assert (data_dir / "features.jsonl").read_bytes() == before
    assert declarations.all() == [ONE, TWO]


def test_nothing_is_created_for_nothing(declarations: Declarations, data_dir: Path) -> None:
    declarations.add([])
    assert declarations.all() == []
    assert not data_dir.exists()


def test_file_is_private(declarations: Declarations, data_dir: Path) -> None:
    before = os.umask(0)
    try:
        declarations.add([ONE])
    finally:
        os.umask(before)
    assert stat.S_IMODE((data_dir / "features.jsonl").stat().st_mode) == 0o600


def test_feature_that_moved_is_listed_once_with_its_new_place(declarations: Declarations) -> None:
    moved = FeatureInfo("one", "other", "app.new:one")
    declarations.add([ONE, TWO])
    declarations.add([moved])
    assert declarations.all() == [moved, TWO]


@pytest.mark.parametrize("damage", [b'["torn","ot', b"\xff\xfe\n", b"{}\n", b"[1,2,3]\n", b'["a"]\n', b"null\n\n"])
def test_damage_hides_no_other_feature(declarations: Declarations, data_dir: Path, damage: bytes) -> None:
    declarations.add([ONE])
    with (data_dir / "features.jsonl").open("ab") as stream:
        stream.write(damage)
    declarations.add([TWO])
    assert declarations.all() == [ONE, TWO]


def test_symlink_is_not_followed(declarations: Declarations, data_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("")
    data_dir.mkdir()
    (data_dir / "features.jsonl").symlink_to(target)
    with pytest.raises(DataDirError, match=r"features\.jsonl"):
        declarations.add([ONE])
    assert target.read_text() == ""


def test_short_write_is_told_and_may_be_tried_again(
    declarations: Declarations, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: write(file, data[:30]))
        with pytest.raises(StorageError, match="bytes could be written"):
            declarations.add([ONE, TWO])
    declarations.add([ONE, TWO])
    assert declarations.all() == [ONE, TWO]
