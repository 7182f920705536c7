"""Options of plugins: from arguments, variables and TOML tables, validated by the plugin's own model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from curio_tracking.errors import SettingsError
from curio_tracking.settings import load_settings


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


class Options(BaseModel, extra="forbid"):
    dsn: SecretStr = SecretStr("")
    port: int = 5432
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}


def options(**overrides: Any) -> Options:
    return load_settings(overrides, strict=True).options("my-plugin.x", Options)


def test_options_have_the_models_defaults() -> None:
    assert options() == Options()


def test_options_come_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_MY_PLUGIN_X__PORT", "7")
    monkeypatch.setenv("FEATURE_TRACKING_MY_PLUGIN_X__TAGS", "a, b")
    monkeypatch.setenv("FEATURE_TRACKING_MY_PLUGIN_X__LABELS", '{"a": "b"}')
    assert options() == Options(port=7, tags=("a", "b"), labels={"a": "b"})


@pytest.mark.parametrize("table", ['"my-plugin.x"', "my_plugin_x", "MY_PLUGIN_X"])
def test_options_come_from_the_table_of_that_name(tmp_path: Path, table: str) -> None:
    write(tmp_path / "work" / "curio-tracking.toml", f"[{table}]\nport = 8\n")
    assert options().port == 8


def test_options_are_asked_for_in_the_order_of_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "work" / "curio-tracking.toml", "[my_plugin_x]\nport = 8\ntags = ['toml']\n")
    monkeypatch.setenv("FEATURE_TRACKING_MY_PLUGIN_X__PORT", "9")
    assert options() == Options(port=9, tags=("toml",))
    assert options(my_plugin_x={"port": 10}).port == 10


def test_an_unknown_option_is_an_error_that_lists_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_MY_PLUGIN_X__PROT", "7")
    with pytest.raises(SettingsError) as caught:
        options()
    assert str(caught.value) == (
        'FEATURE_TRACKING_MY_PLUGIN_X__PROT: "my-plugin.x" has no such option; it has dsn, port, tags, labels'
    )


def test_a_bad_option_is_an_error_that_names_its_place(tmp_path: Path) -> None:
    file = write(tmp_path / "work" / "curio-tracking.toml", "[my_plugin_x]\nport = 'x'\n")
    with pytest.raises(SettingsError) as caught:
        options()
    assert str(caught.value) == f'{file}: my_plugin_x.port: "x" is not a whole number; give a whole number'


def test_a_bad_secret_option_is_not_shown(tmp_path: Path) -> None:
    write(tmp_path / "work" / "curio-tracking.toml", "[my_plugin_x]\ndsn = ['hush-hush']\n")
    with pytest.raises(SettingsError, match="the value is not text") as caught:
        options()
    assert "hush" not in str(caught.value)


def test_a_missing_option_is_named_by_its_variable() -> None:
    class Needy(BaseModel, extra="forbid"):
        host: str

    with pytest.raises(SettingsError, match='FEATURE_TRACKING_NEEDY__HOST: "needy" needs this option; set it'):
        load_settings(strict=True).options("needy", Needy)


def test_options_of_one_plugin_are_not_those_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_MY__PORT", "7")
    monkeypatch.setenv("FEATURE_TRACKING_MY_PLUGIN_X_Y__PORT", "7")
    assert options() == Options()


def test_an_optional_choice_that_cannot_be_used_is_an_error_that_lists_the_choices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class WithChoice(BaseModel, extra="forbid"):
        mode: Literal["fast", "safe"] | None = None

    monkeypatch.setenv("FEATURE_TRACKING_MY_PLUGIN_X__MODE", "wild")
    with pytest.raises(SettingsError) as caught:
        load_settings({}, strict=True).options("my-plugin.x", WithChoice)
    assert str(caught.value) == (
        'FEATURE_TRACKING_MY_PLUGIN_X__MODE: "wild" is not one of fast, safe; give one of these'
    )


class Server(BaseModel):
    host: str
    password: SecretStr = SecretStr("")


class Rich(BaseModel, extra="forbid"):
    server: Server | None = None
    names: Sequence[str] = ()
    ports: Annotated[list[int], Field(max_length=2)] | None = None


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("server", '{"host": "here"}', Rich(server=Server(host="here"))),
        ("names", "a, b", Rich(names=["a", "b"])),
        ("ports", "1,2", Rich(ports=[1, 2])),
    ],
)
def test_a_variable_holds_any_option_of_several_values(
    option: str, text: str, expected: Rich, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FEATURE_TRACKING_RICH__{option.upper()}", text)
    assert load_settings(strict=True).options("rich", Rich) == expected


def test_a_default_that_cannot_be_used_is_said_to_be_the_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless(BaseModel, extra="forbid", validate_default=True):
        many: int = "many"  # type: ignore[assignment]

    with pytest.raises(SettingsError) as caught:
        load_settings(strict=True).options("careless", Careless)
    assert str(caught.value) == (
        'FEATURE_TRACKING_CARELESS__MANY: the default that "careless" has for this option cannot be used; set it'
    )
    monkeypatch.setenv("FEATURE_TRACKING_CARELESS__MANY", "3")
    assert load_settings(strict=True).options("careless", Careless).many == 3


@pytest.mark.parametrize(
    "text",
    [
        '{"host": "here", "password": "hush-hush"',
        "https://me:hush-hush@here/",
        f"https://me:hush-hush{'-' * 90}@here/",
    ],
)
def test_a_secret_inside_a_value_that_cannot_be_used_is_not_shown(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_RICH__SERVER", text)
    with pytest.raises(SettingsError, match="cannot be used") as caught:
        load_settings(strict=True).options("rich", Rich)
    assert "hush" not in str(caught.value)
