"""Settings: the one model of everything that can be configured, and how it is filled.

The host loads it on the writer thread, where a bad value becomes a problem and the default; the surfaces load it
strictly. `setting_sources` finds the values, `setting_problems` words what is wrong. May not import collecting, storage
or a surface.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_origin

from pydantic import BaseModel, Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from curio_tracking.errors import SettingsError
from curio_tracking.setting_options import read_options
from curio_tracking.setting_problems import bad_value, remedy, value_text
from curio_tracking.setting_rows import SettingRow, option_rows, unclaimed, unit_of
from curio_tracking.setting_sources import PREFIX, Found, Raw, find, profile
from curio_tracking.setting_types import Location, Names, default_data_dir

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MOST_RECORDS: Final = 10_000_000
LONGEST_METADATA: Final = 131_072
"""Bytes: the csv module, and with it stock TinyFlux, reads no longer field."""
A_DAY: Final = 86_400.0

OptionsModel = TypeVar("OptionsModel", bound=BaseModel)


def _setting(default: Any, description: str, unit: str = "", **bounds: Any) -> Any:
    """Describe one setting; `unit` and description make up its line in `curio-tracking config` and the reference."""
    return Field(default, description=description, json_schema_extra={"unit": unit}, **bounds)


def _seconds(default: float, description: str) -> Any:
    return _setting(default, description, "seconds", ge=0, le=A_DAY, allow_inf_nan=False)


class Settings(BaseSettings):
    """Every setting; `FEATURE_TRACKING_` and the name in capitals is its variable.

    Built by `load_settings`, which reads all sources; `Settings(...)` itself knows its arguments and the defaults only.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    enabled: bool = _setting(True, "Track calls. DO_NOT_TRACK=1 turns tracking off whatever this says.")
    failures_only: bool = _setting(False, "Keep only executions that did not succeed.")
    min_duration: float = _seconds(0.0, "Drop successful executions that were shorter; failures are always kept.")
    max_metadata_size: int = _setting(
        10240, "Longest metadata of a record, as JSON in UTF-8; more is shortened.", "bytes", ge=2, le=LONGEST_METADATA
    )
    anonymize: bool = _setting(True, "Store user and session ids as keyed pseudonyms, never as they are.")
    exclude: Names = _setting((), "Features never to track: names or globs, any case. Redacted as parameters too.")
    flush_interval: int = _setting(
        100, "Buffered records that trigger a flush before FLUSH_SECONDS are over.", "records", ge=1, le=MOST_RECORDS
    )
    max_batch_size: int = _setting(50, "Most records in one write to the backend.", "records", ge=1, le=MOST_RECORDS)

    backend: str = _setting("tinyflux", "Storage backend: tinyflux, csv, memory or a plugin's.", min_length=1)
    data_dir: Location = Field(
        default_factory=default_data_dir,
        description="Directory of records and keys; by default in the user's data directory of the platform.",
        json_schema_extra={"unit": ""},
    )
    flush_seconds: float = _seconds(1.0, "Longest time that a finished record waits in the buffer.")
    queue_size: int = _setting(
        10_000, "Most buffered records; further calls are folded into totals.", "records", ge=1, le=MOST_RECORDS
    )
    queue_bytes: int = _setting(
        33_554_432,
        "Most memory that buffered records may take, about; further calls are folded into totals.",
        "bytes",
        ge=100_000,
        le=1 << 40,
    )
    environment: Literal["production", "staging", "development"] = _setting(
        "production",
        "Deployment, stored with each record; its profile gives defaults. development: CAPTURE_ARGS=values, "
        "RESOURCES=true. staging: SAMPLE_RATE=0.1. production: CAPTURE_ARGS=shape.",
    )
    sample_rate: float = _setting(
        1.0,
        "Share of successful executions to keep; totals stay right, failures are all kept.",
        gt=0,
        le=1,
        allow_inf_nan=False,
    )
    capture_args: Literal["off", "shape", "values"] = _setting(
        "shape", "What to keep of arguments: nothing, names with types and sizes, or short values as well."
    )
    resources: bool = _setting(False, "Measure CPU time and memory of each execution.")
    durability: Literal["os", "fsync"] = _setting(
        "os", "What acknowledged records survive: os, the process being killed; fsync, loss of power too."
    )
    retention_days: int = _setting(
        90, "Age at which the tinyflux backend removes records; their totals stay. 0: never.", "days", ge=0, le=36_500
    )
    app: str | None = _setting(None, "Name of the application, stored with each record.")
    version: str | None = _setting(None, "Version of the application, stored with each record.")
    redact: Names = _setting((), "Further names (or globs) of parameters and metadata whose values are secret.")
    filters: Names = _setting((), "Order of the filters by name; those not named follow in their usual order.")

    plugins_disabled: Names = _setting(
        (), "Plugins not to load, built-in ones too: names of plugins or of distributions."
    )
    plugins_only: Names = _setting(
        (), 'Load only these: names of plugins or distributions; "curio-tracking" stands for the built-in ones.'
    )
    plugins_dir: Location | None = _setting(
        None, "Directory of single-file plugins (*.py) to load as well; nobody else may write there."
    )
    strict_plugins: bool = _setting(False, "Raise when a plugin fails, instead of going on without it.")

    dashboard_host: str = _setting("127.0.0.1", "Address the dashboard listens on; others need a token.", min_length=1)
    dashboard_port: int = _setting(8081, "Port the dashboard listens on; 0 takes a free one.", ge=0, le=65535)
    dashboard_token: SecretStr | None = _setting(None, "Token the dashboard asks for; needed away from this machine.")
    exit_timeout: float = _seconds(2.0, "Longest time that writing the last records may delay the program's end.")

    target_seconds: float = _setting(
        1.0, "Duration that counts as fully efficient.", "seconds", gt=0, allow_inf_nan=False
    )
    target_size: int | None = _setting(None, "Output size that counts as fully efficient.", "bytes or items", ge=1)
    target_iterations: int | None = _setting(None, "Iterations that count as fully efficient.", "iterations", ge=1)
    env_file: Location | None = _setting(None, "A .env file to read variables from; none is read unless named here.")

    _problems: tuple[str, ...] = PrivateAttr(default=())
    _sources: dict[str, str] = PrivateAttr(default_factory=dict)
    _found: Found = PrivateAttr(default_factory=Found)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be used and what stands in its place; empty when all was well."""
        return self._problems

    @property
    def sources(self) -> Mapping[str, str]:
        """Per field where its value came from, for example "environment FEATURE_TRACKING_BACKEND" or "default"."""
        return MappingProxyType(dict.fromkeys(type(self).model_fields, "default") | self._sources)

    @field_validator("*", mode="before")
    @classmethod
    def _tidy(cls, value: object, info: Any) -> object:
        """Take choices in any case, and no truth value for a number."""
        annotation = cls.model_fields[info.field_name].annotation
        if isinstance(value, str) and get_origin(annotation) is Literal:
            return value.lower()
        if isinstance(value, bool) and annotation in (int, float, int | None):
            raise PydanticCustomError("float_type" if annotation is float else "int_type", "not a number")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the names are the base class's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments only: `load_settings` reads the sources one by one, to know where each value is from."""
        return (init_settings,)

    def options(self, name: str, model: type[OptionsModel]) -> OptionsModel:
        """Return the validated options of a plugin.

        They come from `FEATURE_TRACKING_<NAME>__<OPTION>` (capitals, `_` for `-` and `.`), else from the TOML table of
        that name.

        Args:
            name: the plugin's name.
            model: its options, a pydantic model with `extra="forbid"`.

        Raises:
            SettingsError: a value cannot be used or an option does not exist; one line per problem.
        """
        return read_options(self._found, name, model)

    def describe_options(self, name: str, model: type[BaseModel]) -> tuple[list[SettingRow], list[str]]:
        """Return every option of a plugin as `describe_settings` does for settings, and what is wrong with them.

        Args: as `options`. Raises nothing, whatever the model does.
        """
        return option_rows(self._found, name, model)

    def options_beside(self, plugins: Collection[str]) -> dict[str, list[str]]:
        """Return where options are given for plugins other than these, by the name of the plugin."""
        return unclaimed(self._found, plugins)


def load_settings(overrides: Mapping[str, Any] | None = None, *, strict: bool) -> Settings:
    """Read all sources: arguments > environment > .env (if named) > TOML file > profile of ENVIRONMENT > default.

    Args:
        overrides: settings by field name, and plugins' options as mappings by plugin name; None means "not given".
        strict: True for the surfaces; False for the host, where nothing raises: each bad value gives way to the
            default, and `problems` of the result says so.

    Raises:
        SettingsError: strict, and something is wrong; one line per problem.
    """
    found = find(Settings, overrides or {})
    settings, faults = _build(found.values)
    problems = list(found.problems)
    for name, fault in faults.items():
        instead = value_text(getattr(settings, name)) or "(none)"
        advice = remedy(Settings.model_fields[name]) if strict else f"using the default {instead}"
        problems.append(f"{fault}; {advice}")
    if strict and problems:
        raise SettingsError("\n".join(problems))
    settings._problems = tuple(problems)
    settings._found = found
    return settings


def _build(given: Mapping[str, Raw], unusable: Mapping[str, str] | None = None) -> tuple[Settings, dict[str, str]]:
    """Return the settings, without the values that cannot be used, and what is wrong with those, by field."""
    faults = dict(unusable or {})
    name, defaults = profile(given["environment"].value if "environment" in given else None)
    raws = {field: Raw(value, f"profile {name}", "") for field, value in defaults.items()} | dict(given)
    # a setting that was meant but not understood gets its plain default, which is the careful one, not the profile's
    raws = {field: raw for field, raw in raws.items() if field not in faults}
    try:
        settings = Settings(**{field: raw.value for field, raw in raws.items()})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            field = str(detail["loc"][0])
            info = Settings.model_fields[field]
            faults.setdefault(field, bad_value(raws[field].where, raws[field].value, info, field, detail))
        return _build({field: raw for field, raw in given.items() if field not in faults}, faults)
    settings._sources = {field: raw.source for field, raw in raws.items()}
    return settings, faults


def describe_settings(settings: Settings) -> list[SettingRow]:
    """Return every setting with its value, origin and description, in the order of the model."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        rows.append(
            SettingRow(
                name=name,
                variable=PREFIX + name.upper(),
                value_text=value_text(getattr(settings, name)),
                source=settings.sources[name],
                description=field.description or "",
                default_text=value_text(default).replace(str(Path("~").expanduser()), "~", 1),
                unit=unit_of(field),
            )
        )
    return rows
