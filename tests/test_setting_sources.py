"""Sources of settings: the environment, a named `.env` file, TOML files, and which of them is stronger."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from curio_tracking.settings import load_settings


def variable(name: str) -> str:
    return f"FEATURE_TRACKING_{name.upper()}"


def only_problem(**overrides: Any) -> str:
    problems = load_settings(overrides, strict=False).problems
    assert len(problems) == 1
    return problems[0]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_sources_are_asked_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("app", "version", "backend", "dashboard_host", "sample_rate")
    toml = "\n".join(f'{name} = "toml"' for name in names[:4])
    write(tmp_path / "work" / "curio-tracking.toml", toml + '\nenvironment = "staging"')
    dotenv = write(tmp_path / "my.env", "\n".join(f"{variable(name)}=dotenv" for name in names[:3]))
    for name in names[:2]:
        monkeypatch.setenv(variable(name), "variable")
    monkeypatch.setenv("FEATURE_TRACKING_ENV_FILE", str(dotenv))
    settings = load_settings({"app": "argument"}, strict=True)
    assert [getattr(settings, name) for name in names] == ["argument", "variable", "dotenv", "toml", 0.1]
    assert [settings.sources[name] for name in names] == [
        "argument",
        "environment FEATURE_TRACKING_VERSION",
        f"file {dotenv}",
        f"file {tmp_path / 'work' / 'curio-tracking.toml'}",
        "profile staging",
    ]


def test_a_dotenv_file_that_nobody_names_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "work" / ".env", "FEATURE_TRACKING_BACKEND=csv")
    assert load_settings(strict=True).backend == "tinyflux"


def test_a_dotenv_file_may_hold_other_programs_variables(tmp_path: Path) -> None:
    dotenv = write(
        tmp_path / "x.env", "DATABASE_URL=postgres://u:pw@h/x\nFEATURE_TRACKING_BACKEND=csv\nDO_NOT_TRACK=1\n"
    )
    settings = load_settings({"env_file": dotenv}, strict=True)
    assert (settings.backend, settings.enabled) == ("csv", False)


def test_a_dotenv_file_that_is_not_there_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_ENV_FILE", "/nowhere/.env")
    assert only_problem().startswith('FEATURE_TRACKING_ENV_FILE: there is no file "/nowhere/.env"')


def test_a_bad_value_in_a_dotenv_file_is_named_with_its_file(tmp_path: Path) -> None:
    dotenv = write(tmp_path / "x.env", "FEATURE_TRACKING_QUEUE_SIZE=many\n")
    assert only_problem(env_file=dotenv).startswith(f'{dotenv}: FEATURE_TRACKING_QUEUE_SIZE: "many" is not')


def test_pyproject_holds_settings_in_its_tool_table(tmp_path: Path) -> None:
    file = write(tmp_path / "work" / "pyproject.toml", '[tool.curio-tracking]\nbackend = "csv"\nexclude = ["a", "b"]\n')
    settings = load_settings(strict=True)
    assert (settings.backend, settings.exclude) == ("csv", ("a", "b"))
    assert settings.sources["backend"] == f"file {file}"


def test_the_own_file_wins_over_pyproject_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "work" / "pyproject.toml", '[tool.curio-tracking]\nbackend = "csv"\napp = "a"\n')
    write(tmp_path / "work" / "curio-tracking.toml", 'backend = "memory"\n')
    settings = load_settings(strict=True)
    assert (settings.backend, settings.app) == ("memory", None)


def test_the_nearest_directory_with_settings_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "work" / "curio-tracking.toml", 'backend = "csv"\n')
    write(tmp_path / "work" / "a" / "pyproject.toml", '[project]\nname = "without-our-table"\n')
    (tmp_path / "work" / "a" / "b").mkdir()
    monkeypatch.chdir(tmp_path / "work" / "a" / "b")
    assert load_settings(strict=True).backend == "csv"


def test_a_relative_path_in_a_file_lies_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "work" / "curio-tracking.toml", 'data_dir = "store"\n')
    (tmp_path / "work" / "a").mkdir()
    monkeypatch.chdir(tmp_path / "work" / "a")
    assert load_settings(strict=True).data_dir == tmp_path / "work" / "store"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('queue_size = "abc"', 'curio-tracking.toml: queue_size: "abc" is not a whole number; using the default 10000'),
        ("flush_interval = true", "curio-tracking.toml: flush_interval: true is not a whole number"),
        ("app = 3", "curio-tracking.toml: app: 3 is not text; using the default (none)"),
        ("exclude = 3", "curio-tracking.toml: exclude: 3 is not a list"),
        ("backent = 3", 'curio-tracking.toml: "backent": there is no such setting; did you mean backend?'),
        ("x = 3", 'curio-tracking.toml: "x": there is no such setting; "curio-tracking config" lists them all'),
        ("a = 1\nb = ", "curio-tracking.toml: not valid TOML: Invalid value (at end of document)"),
        ("a = 1\nb = !\n", "curio-tracking.toml: not valid TOML: Invalid value (at line 2, column 5)"),
        ("[tool.curio-tracking]\napp = 'a'", "curio-tracking.toml: [tool.curio-tracking] is for pyproject.toml"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_told_with_file_and_key(tmp_path: Path, text: str, expected: str) -> None:
    file = write(tmp_path / "work" / "curio-tracking.toml", text)
    assert only_problem().startswith(expected.replace("curio-tracking.toml", str(file), 1))


def test_another_programs_broken_pyproject_is_no_problem(tmp_path: Path) -> None:
    write(tmp_path / "work" / "pyproject.toml", "[tool.other\n")
    assert load_settings(strict=True).problems == ()


def test_a_tool_entry_that_is_no_table_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "work" / "pyproject.toml", "[tool]\ncurio-tracking = 3\n")
    assert "tool.curio-tracking is not a table" in only_problem()


def test_a_table_of_an_unknown_name_is_taken_for_a_plugins_options(tmp_path: Path) -> None:
    write(tmp_path / "work" / "curio-tracking.toml", "[my-plugin]\nport = 3\n")
    assert load_settings(strict=True).problems == ()


def test_a_file_that_another_user_may_have_planted_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    file = write(shared / "curio-tracking.toml", 'backend = "csv"\n')
    shared.chmod(0o1777)
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1 if owner else 1)
    (shared / "mine").mkdir()
    monkeypatch.chdir(shared / "mine")
    expected = "tinyflux" if owner else "csv"  # root's files are trusted
    assert load_settings(strict=True).backend == expected


@given(st.binary() | st.text().map(str.encode))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_host_gets_settings_whatever_the_files_hold(content: bytes) -> None:
    for name in ("curio-tracking.toml", "x.env"):
        Path(name).write_bytes(content)
    assert load_settings({"env_file": "x.env"}, strict=False).queue_size >= 1


def test_the_host_gets_settings_without_a_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert load_settings({"data_dir": "relative"}, strict=False).problems == ()


def test_the_host_gets_settings_with_a_directory_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "work" / "curio-tracking.toml").mkdir()
    assert load_settings({"env_file": tmp_path}, strict=False).backend == "tinyflux"


def test_deeply_nested_toml_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    write(tmp_path / "work" / "curio-tracking.toml", "a = " + "[" * 100_000)
    assert "not valid TOML" in only_problem()
