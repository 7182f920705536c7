"""Settings: defaults, values, profiles, bad values in the host and in commands, secrets, the table of all settings."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from curio_tracking.errors import SettingsError
from curio_tracking.settings import Settings, describe_settings, load_settings

DEFAULTS = {
    "enabled": True,
    "failures_only": False,
    "min_duration": 0.0,
    "max_metadata_size": 10240,
    "anonymize": True,
    "exclude": (),
    "flush_interval": 100,
    "max_batch_size": 50,
    "backend": "tinyflux",
    "flush_seconds": 1.0,
    "queue_size": 10_000,
    "queue_bytes": 33_554_432,
    "environment": "production",
    "sample_rate": 1.0,
    "capture_args": "shape",
    "resources": False,
    "durability": "os",
    "retention_days": 90,
    "app": None,
    "version": None,
    "redact": (),
    "filters": (),
    "plugins_disabled": (),
    "plugins_only": (),
    "plugins_dir": None,
    "strict_plugins": False,
    "dashboard_host": "127.0.0.1",
    "dashboard_port": 8081,
    "dashboard_token": None,
    "exit_timeout": 2.0,
    "target_seconds": 1.0,
    "target_size": None,
    "target_iterations": None,
    "env_file": None,
}
GIVEN = [
    ("enabled", "false", False),
    ("enabled", "Off", False),
    ("failures_only", "TRUE", True),
    ("min_duration", "0.5", 0.5),
    ("max_metadata_size", "2", 2),
    ("anonymize", "0", False),
    ("exclude", "api_keys,passwords", ("api_keys", "passwords")),
    ("exclude", " a , ,b,", ("a", "b")),
    ("flush_interval", "1", 1),
    ("max_batch_size", " 500 ", 500),
    ("backend", "csv", "csv"),
    ("data_dir", "/srv/tracking", Path("/srv/tracking")),
    ("flush_seconds", "0", 0.0),
    ("queue_size", "20", 20),
    ("queue_bytes", "200000", 200_000),
    ("environment", "Staging", "staging"),
    ("sample_rate", "0.25", 0.25),
    ("capture_args", "OFF", "off"),
    ("resources", "yes", True),
    ("durability", "FSYNC", "fsync"),
    ("retention_days", "0", 0),
    ("app", "shop", "shop"),
    ("version", "1.2", "1.2"),
    ("redact", "customer,*_id", ("customer", "*_id")),
    ("filters", "size,redact", ("size", "redact")),
    ("plugins_disabled", "csv", ("csv",)),
    ("plugins_only", "a,b", ("a", "b")),
    ("plugins_dir", "/srv/plugins", Path("/srv/plugins")),
    ("strict_plugins", "on", True),
    ("dashboard_host", "::1", "::1"),
    ("dashboard_port", "0", 0),
    ("exit_timeout", "0.1", 0.1),
    ("target_seconds", "2.5", 2.5),
    ("target_size", "1000", 1000),
    ("target_iterations", "3", 3),
]
BAD = [
    ("enabled", "perhaps", "is neither true nor false"),
    ("min_duration", "-1", "is less than 0"),
    ("min_duration", "nan", "is not a finite number"),
    ("min_duration", "fast", "is not a number"),
    ("flush_seconds", "inf", "is not a finite number"),
    ("max_metadata_size", "1", "is less than 2"),
    ("max_metadata_size", "200000", "is more than 131072"),
    ("flush_interval", "abc", "is not a whole number"),
    ("flush_interval", "0", "is less than 1"),
    ("flush_interval", "1.5", "is not a whole number"),
    ("max_batch_size", "9" * 5000, "is not a whole number of usable size"),
    ("queue_size", "0", "is less than 1"),
    ("queue_bytes", "99999", "is less than 100000"),
    ("environment", "prod", "is not one of production, staging, development"),
    ("sample_rate", "0", "is not more than 0"),
    ("sample_rate", "1.01", "is more than 1"),
    ("capture_args", "all", "is not one of off, shape, values"),
    ("durability", "none", "is not one of os, fsync"),
    ("retention_days", "-1", "is less than 0"),
    ("dashboard_port", "65536", "is more than 65535"),
    ("dashboard_port", "-1", "is less than 0"),
    ("exit_timeout", "-0.1", "is less than 0"),
    ("target_seconds", "0", "is not more than 0"),
    ("target_size", "0", "is less than 1"),
]


def variable(name: str) -> str:
    return f"FEATURE_TRACKING_{name.upper()}"


def only_problem(**overrides: Any) -> str:
    problems = load_settings(overrides, strict=False).problems
    assert len(problems) == 1
    return problems[0]


@pytest.fixture(autouse=True)
def nothing_is_set(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what all tests are given."""
    monkeypatch.delenv(variable("exit_timeout"))


# defaults and values


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_those_of_the_specification(name: str) -> None:
    assert getattr(load_settings(strict=True), name) == DEFAULTS[name]


def test_every_setting_has_a_default_that_is_tested() -> None:
    assert {*DEFAULTS, "data_dir"} == set(Settings.model_fields)


def test_the_default_data_directory_is_the_platforms_for_this_user(tmp_path: Path) -> None:
    assert load_settings(strict=True).data_dir == tmp_path / "home" / ".local" / "share" / "curio-tracking"


@pytest.mark.parametrize(("name", "text", "expected"), GIVEN)
def test_a_variable_sets_its_setting(name: str, text: str, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable(name), text)
    settings = load_settings(strict=True)
    assert getattr(settings, name) == expected
    assert settings.sources[name] == f"environment {variable(name)}"


@pytest.mark.parametrize(("name", "text", "expected"), GIVEN)
def test_an_argument_sets_its_setting(name: str, text: str, expected: object) -> None:
    for value in (text, expected):
        settings = load_settings({name: value}, strict=True)
        assert getattr(settings, name) == expected
        assert settings.sources[name] == "argument"


@pytest.mark.parametrize("empty", ["", "   "])
@pytest.mark.parametrize("name", [*DEFAULTS, "data_dir"])
def test_an_empty_variable_counts_as_not_set(name: str, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable(name), empty)
    settings = load_settings(strict=True)
    assert settings.problems == ()
    assert "environment" not in settings.sources[name]


def test_a_variable_in_lower_case_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("feature_tracking_backend", "csv")
    assert load_settings(strict=True).backend == "csv"


def test_an_argument_of_none_means_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "csv")
    assert load_settings({"backend": None}, strict=True).backend == "csv"


def test_a_relative_path_stays_where_it_pointed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings({"data_dir": "store"}, strict=True)
    monkeypatch.chdir("/")
    assert settings.data_dir == tmp_path / "work" / "store"


def test_a_tilde_is_the_home_directory(tmp_path: Path) -> None:
    assert load_settings({"data_dir": "~/store"}, strict=True).data_dir == tmp_path / "home" / "store"


def test_settings_do_not_change_once_loaded() -> None:
    with pytest.raises(ValidationError):
        load_settings(strict=True).backend = "csv"  # type: ignore[misc]


# DO_NOT_TRACK


@pytest.mark.parametrize("text", ["1", "true", "YES", "on", " 1 "])
def test_do_not_track_turns_tracking_off_against_everything(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", text)
    monkeypatch.setenv("FEATURE_TRACKING_ENABLED", "true")
    settings = load_settings({"enabled": True}, strict=True)
    assert settings.enabled is False
    assert settings.sources["enabled"] == "environment DO_NOT_TRACK"


@pytest.mark.parametrize("text", ["0", "false", "", "no"])
def test_do_not_track_that_says_no_changes_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", text)
    settings = load_settings(strict=True)
    assert settings.enabled is True
    assert settings.sources["enabled"] == "default"


# profiles


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("development", {"capture_args": "values", "resources": True, "sample_rate": 1.0}),
        ("staging", {"capture_args": "shape", "resources": False, "sample_rate": 0.1}),
        ("production", {"capture_args": "shape", "resources": False, "sample_rate": 1.0}),
    ],
)
def test_a_profile_gives_its_defaults(environment: str, expected: dict[str, object]) -> None:
    settings = load_settings({"environment": environment}, strict=True)
    assert {name: getattr(settings, name) for name in expected} == expected


def test_the_source_names_the_profile() -> None:
    assert load_settings({"environment": "Staging"}, strict=True).sources["sample_rate"] == "profile staging"


def test_any_other_source_is_stronger_than_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_SAMPLE_RATE", "0.7")
    assert load_settings({"environment": "staging"}, strict=True).sample_rate == 0.7


def test_an_unknown_environment_gets_the_profile_of_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_ENVIRONMENT", "develop")
    settings = load_settings(strict=False)
    assert (settings.environment, settings.capture_args) == ("production", "shape")


def test_a_value_that_was_not_understood_gets_the_careful_default_not_the_profiles() -> None:
    settings = load_settings({"environment": "development", "capture_args": "nothing"}, strict=False)
    assert settings.capture_args == "shape"
    assert settings.sources["capture_args"] == "default"


# bad values


@pytest.mark.parametrize(("name", "text", "fault"), BAD)
def test_in_the_host_a_bad_value_becomes_the_default_and_one_message(
    name: str, text: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(name), text)
    settings = load_settings(strict=False)
    assert getattr(settings, name) == DEFAULTS[name]
    assert len(settings.problems) == 1
    assert settings.problems[0].startswith(f'{variable(name)}: "')
    assert f"{fault}; using the default " in settings.problems[0]


@pytest.mark.parametrize(("name", "text", "fault"), BAD)
def test_a_command_gets_the_same_words_as_an_error(
    name: str, text: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(name), text)
    with pytest.raises(SettingsError) as caught:
        load_settings(strict=True)
    assert f"{fault}; give " in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_messages_read_as_they_should(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "abc")
    assert only_problem() == 'FEATURE_TRACKING_FLUSH_INTERVAL: "abc" is not a whole number; using the default 100'
    with pytest.raises(SettingsError) as caught:
        load_settings(strict=True)
    assert str(caught.value) == (
        'FEATURE_TRACKING_FLUSH_INTERVAL: "abc" is not a whole number; give a whole number from 1 to 10000000'
    )


def test_one_error_lists_all_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "abc")
    monkeypatch.setenv("FEATURE_TRACKING_SAMPLE_RATE", "7")
    monkeypatch.setenv("FEATURE_TRACKING_BACKENT", "csv")
    with pytest.raises(SettingsError) as caught:
        load_settings({"queue_size": 0}, strict=True)
    assert len(str(caught.value).splitlines()) == 4


def test_one_bad_value_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "abc")
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "csv")
    assert load_settings(strict=False).backend == "csv"


def test_an_unknown_variable_is_a_problem_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSHINTERVAL", "7")
    assert only_problem() == (
        "FEATURE_TRACKING_FLUSHINTERVAL: there is no such setting; did you mean FEATURE_TRACKING_FLUSH_INTERVAL?"
    )


def test_an_unknown_argument_is_a_problem_with_the_nearest_name() -> None:
    assert only_problem(back_end="csv") == 'argument "back_end": there is no such setting; did you mean backend?'


def test_control_characters_of_a_bad_value_are_made_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "\x1b[31m\n7")
    assert r'"\x1b[31m\n7" is not' in only_problem()


def test_a_long_bad_value_is_shown_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "x" * 10_000)
    assert len(only_problem()) < 200


@pytest.mark.parametrize("value", [math.nan, True, [], object(), b"x", 10**400])
def test_arguments_of_the_wrong_type_are_problems(value: object) -> None:
    assert "flush_interval" in only_problem(flush_interval=value)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.text())
NAMES = st.sampled_from(list(Settings.model_fields))
ENVIRONMENT_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.dictionaries(NAMES | st.text(max_size=5), VALUES | st.dictionaries(st.text(), VALUES)))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_host_gets_settings_whatever_the_arguments_hold(overrides: dict[str, Any]) -> None:
    settings = load_settings(overrides, strict=False)
    assert settings.queue_size >= 1
    assert all(isinstance(problem, str) for problem in settings.problems)


@given(st.dictionaries(NAMES, ENVIRONMENT_TEXT))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_host_gets_settings_whatever_the_environment_holds(values: dict[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, text in values.items():
            patch.setenv(variable(name), text)
        assert 0 < load_settings(strict=False).sample_rate <= 1


# secrets


def test_a_secret_value_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_DASHBOARD_TOKEN", "hush-hush")
    settings = load_settings(strict=True)
    assert settings.dashboard_token is not None
    assert settings.dashboard_token.get_secret_value() == "hush-hush"
    assert "hush" not in repr(settings) + str(settings) + str(describe_settings(settings)) + str(settings.sources)


def test_a_secret_value_is_not_in_the_message_about_it() -> None:
    problem = only_problem(dashboard_token=["hush-hush"])
    assert problem.startswith("argument dashboard_token: the value is not")
    assert "hush" not in problem


@pytest.mark.parametrize("name", ["DB_PASSWORD", "API_TOKEN", "SECRET"])
def test_the_value_of_an_unknown_variable_is_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"FEATURE_TRACKING_{name}", "hush-hush")
    assert "hush" not in only_problem()


# the table of all settings


def test_every_setting_is_described_with_its_variable() -> None:
    rows = describe_settings(load_settings(strict=True))
    assert [row.name for row in rows] == list(Settings.model_fields)
    assert all(row.variable == variable(row.name) for row in rows)
    assert all(row.description.endswith(".") and len(row.description) > 10 for row in rows)


def test_a_row_shows_value_source_default_and_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_EXCLUDE", "b, a")
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_SECONDS", "3")
    rows = {row.name: row for row in describe_settings(load_settings(strict=True))}
    assert (rows["exclude"].value_text, rows["exclude"].default_text) == ("b,a", "")
    assert (rows["flush_seconds"].value_text, rows["flush_seconds"].default_text) == ("3.0", "1.0")
    assert rows["flush_seconds"].unit == "seconds"
    assert rows["flush_seconds"].source == "environment FEATURE_TRACKING_FLUSH_SECONDS"
    assert rows["enabled"].value_text == "true"


def test_the_default_directory_is_shown_without_the_users_name() -> None:
    rows = {row.name: row for row in describe_settings(load_settings(strict=True))}
    assert rows["data_dir"].default_text == "~/.local/share/curio-tracking"
