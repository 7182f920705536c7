"""Every variable set to garbage, one at a time and all at once: the program goes on, and is told. Budget: 40 s."""

from __future__ import annotations

from pathlib import Path

import pytest
from twice import run_twice

from curio_tracking.settings import Settings

VARIABLES = sorted(Settings.model_fields)
GARBAGE = ("\x1b[31m☃ '\";--", "-1e999", "[[{]")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is taken for a relative path ends up here."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", VARIABLES)
def test_one_variable_of_garbage_changes_nothing_and_is_told_of_once(tmp_path: Path, name: str) -> None:
    tracked = run_twice("plain.py", tmp_path, warnings=None, **{name: GARBAGE[0]})
    assert tracked.status == 7
    assert len(tracked.warnings) <= 1
    assert all(f"FEATURE_TRACKING_{name.upper()}" in line for line in tracked.warnings)


@pytest.mark.parametrize("garbage", GARBAGE)
def test_all_variables_of_garbage_change_nothing_and_are_told_of(tmp_path: Path, garbage: str) -> None:
    tracked = run_twice("plain.py", tmp_path, warnings=None, **dict.fromkeys(VARIABLES, garbage))
    assert tracked.status == 7
    assert any("FEATURE_TRACKING_QUEUE_SIZE" in line for line in tracked.warnings)
    assert not [line for line in tracked.warnings if not line.isprintable()]
