"""The options: where they are read from, what they do, and what is said of bad ones."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking import FeatureTracker
from curio_tracking.errors import SettingsError
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record
from curio_tracking_sqlite import _make
from curio_tracking_sqlite.backend import SqliteBackend
from curio_tracking_sqlite.options import Options


def backend_of(**overrides: object) -> SqliteBackend:
    backend = _make(load_settings(overrides, strict=True))
    assert isinstance(backend, SqliteBackend)
    return backend


def test_file_is_in_the_data_directory(tmp_path: Path) -> None:
    assert backend_of().path == tmp_path / "data" / "records.sqlite"


@pytest.mark.parametrize(
    ("given", "expected"),
    [("usage.db", "data/usage.db"), ("deep/usage.db", "data/deep/usage.db"), ("~/usage.db", "home/usage.db")],
)
def test_path_begins_at_the_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_SQLITE__PATH", given)
    assert backend_of().path == tmp_path / expected


def test_absolute_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_SQLITE__PATH", str(tmp_path / "elsewhere" / "usage.db"))
    backend = backend_of()
    backend.append([make_record()])
    backend.close()
    assert (tmp_path / "elsewhere" / "usage.db").is_file()
    assert not (tmp_path / "data").exists()


def test_table_of_the_settings_file_is_read(tmp_path: Path) -> None:
    Path("curio-tracking.toml").write_text('[sqlite]\npath = "from-table.db"\n')
    assert backend_of().path == tmp_path / "data" / "from-table.db"


@pytest.mark.parametrize("value", ["-1", "soon", "601", "nan"])
def test_bad_seconds_name_the_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_SQLITE__BUSY_SECONDS", value)
    with pytest.raises(SettingsError, match="FEATURE_TRACKING_SQLITE__BUSY_SECONDS"):
        backend_of()


@pytest.mark.parametrize("value", ["..", ".", "/"])
def test_path_that_is_no_file_names_the_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_SQLITE__PATH", value)
    with pytest.raises(SettingsError, match="FEATURE_TRACKING_SQLITE__PATH"):
        backend_of()


def test_unknown_option_is_told_with_those_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_SQLITE__BUSY", "1")
    with pytest.raises(SettingsError, match=r"FEATURE_TRACKING_SQLITE__BUSY: .*path, busy_seconds"):
        backend_of()


def test_command_ends_with_2_and_one_line_for_a_bad_option(
    python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    finished = python("-m", "curio_tracking", "list-features", FEATURE_TRACKING_SQLITE__BUSY_SECONDS="soon")
    assert (finished.returncode, finished.stdout, finished.stderr.count("\n")) == (2, "", 1)
    assert "FEATURE_TRACKING_SQLITE__BUSY_SECONDS" in finished.stderr


def test_every_option_is_described() -> None:
    assert [name for name, field in Options.model_fields.items() if not field.description] == []


def test_tracker_takes_options_as_an_argument(tmp_path: Path) -> None:
    tracker = FeatureTracker(backend="sqlite", sqlite={"path": "argument.db"})
    tracker.complete_custom_tracking(tracker.start_custom_tracking("f", "other"))
    tracker.close()
    assert (tmp_path / "data" / "argument.db").is_file()
