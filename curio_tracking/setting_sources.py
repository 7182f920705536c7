"""Where settings come from: arguments, environment, `.env`, TOML file, profile; each value with its origin.

Reads and merges, knows no field's meaning: `settings` validates what comes out. Reading never raises; whatever cannot
be read becomes a problem. Imports nothing of the project but `setting_problems`.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource

from curio_tracking.setting_problems import shown, unknown_name

PREFIX: Final = "FEATURE_TRACKING_"
OPTION_DELIMITER: Final = "__"
TOML_NAME: Final = "curio-tracking.toml"
PYPROJECT_TABLE: Final = "curio-tracking"
TRUTHY: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
PROFILES: Final[Mapping[str, Mapping[str, Any]]] = {
    "development": {"capture_args": "values", "resources": True},
    "staging": {"sample_rate": 0.1},
    "production": {"capture_args": "shape"},
}


@dataclass(frozen=True, slots=True)
class Raw:
    """A value as it was found: not validated yet.

    Attributes:
        value: text of a variable, or what TOML or the caller gave.
        source: for people, for example "environment FEATURE_TRACKING_BACKEND" or "file /srv/curio-tracking.toml".
        where: how a message names the place, for example "FEATURE_TRACKING_BACKEND".
    """

    value: Any
    source: str
    where: str


@dataclass(slots=True)
class Found:
    """Everything the sources hold.

    Attributes:
        values: per setting the value of the strongest source.
        tables: options of plugins from arguments and TOML, by plugin name as `option_name` writes it.
        variables: options of plugins from variables, by the variable's name after the prefix, in lower case.
        problems: what could not be read or has no meaning.
    """

    values: dict[str, Raw] = field(default_factory=dict)
    tables: dict[str, dict[str, Raw]] = field(default_factory=dict)
    variables: dict[str, Raw] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, name: str, raw: Raw) -> None:
        """Keep a value unless a stronger source has given one."""
        if isinstance(raw.value, str):
            raw = Raw(raw.value.strip(), raw.source, raw.where)
        self.values.setdefault(name, raw)

    def add_option(self, table: str, option: str, raw: Raw) -> None:
        """Keep a plugin's option unless a stronger source has given it."""
        self.tables.setdefault(option_name(table), {}).setdefault(option, raw)


def option_name(name: str) -> str:
    """Return a plugin's name as it stands in variables, in lower case: `my-plugin.x` is `my_plugin_x`."""
    return name.replace("-", "_").replace(".", "_").lower()


def find(model: type[BaseSettings], overrides: Mapping[str, Any]) -> Found:
    """Return what all sources say about the fields of `model`, the strongest source first."""
    found = Found()
    _read_arguments(found, model, overrides)
    _read_variables(found, EnvSettingsSource(model), None)
    # the TOML file is read aside: it is weaker than the .env file, and may name it
    toml = Found()
    _read_toml(toml, model)
    env_file = found.values.get("env_file") or toml.values.get("env_file")
    if env_file is not None:
        _read_env_file(found, model, env_file)
    for name, raw in toml.values.items():
        found.add(name, raw)
    for table, options in toml.tables.items():
        for option, raw in options.items():
            found.add_option(table, option, raw)
    found.problems += toml.problems
    return found


def profile(environment: object) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the settings of a deployment's profile; production's for an unknown one."""
    name = environment.lower() if isinstance(environment, str) else ""
    name = name if name in PROFILES else "production"
    return name, PROFILES[name]


def _read_arguments(found: Found, model: type[BaseSettings], overrides: Mapping[str, Any]) -> None:
    for name, value in overrides.items():
        if value is None:  # what callers pass on for "not given"; every field that may be None is so by default
            continue
        if name in model.model_fields:
            found.add(name, Raw(value, "argument", f"argument {name}"))
        elif isinstance(value, Mapping) and isinstance(name, str):
            for option, part in value.items():
                found.add_option(name, option, Raw(part, "argument", f"argument {name}: {option}"))
        else:
            found.problems.append(unknown_name(f"argument {shown(name)}", str(name), model.model_fields))


def _read_variables(found: Found, source: EnvSettingsSource, file: Path | None) -> None:
    """Take the variables of the environment, or of a `.env` file."""
    beside = f"{file}: " if file else ""
    fields = source.settings_cls.model_fields
    for variable, value in source.env_vars.items():
        name = variable.lower().removeprefix(PREFIX.lower())
        label = variable.upper()
        raw = Raw(value, f"file {file}" if file else f"environment {label}", f"{beside}{label}")
        if variable.upper() == "DO_NOT_TRACK" and (value or "").strip().lower() in TRUTHY:
            # the user's word: stronger than the program's argument
            found.values["enabled"] = Raw(False, raw.source, raw.where)
        elif not variable.upper().startswith(PREFIX) or not (value or "").strip():
            continue
        elif name in fields:
            found.add(name, raw)
        elif OPTION_DELIMITER in name:
            found.variables.setdefault(name, raw)
        else:
            found.problems.append(unknown_name(raw.where, name, fields, PREFIX))


def _read_env_file(found: Found, model: type[BaseSettings], named: Raw) -> None:
    try:
        file = Path(named.value).expanduser().absolute()
        if not file.is_file():
            found.problems.append(f"{named.where}: there is no file {shown(str(file))}; create it or unset the name")
            return
        source = DotEnvSettingsSource(model, env_file=file, env_file_encoding="utf-8")
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        found.problems.append(f"{named.where}: the file cannot be read ({_reason(error)}); mend it or unset the name")
        return
    _read_variables(found, source, file)


def _read_toml(found: Found, model: type[BaseSettings]) -> None:
    for file in _candidates():
        table = _table(found, file)
        if table is None:
            continue
        for name, value in table.items():
            raw = Raw(value, f"file {file}", f"{file}: {name}")
            if name in model.model_fields:
                found.add(name, _relative_to(file, raw) if _is_path(model, name) else raw)
            elif isinstance(value, dict):
                for option, part in value.items():
                    found.add_option(name, option, Raw(part, raw.source, f"{file}: {name}.{option}"))
            else:
                found.problems.append(unknown_name(f"{file}: {shown(name)}", name, model.model_fields))
        return


def _candidates() -> Iterator[Path]:
    """Yield the files that may hold settings: of the current directory first, then of each parent."""
    try:
        here = Path.cwd()
    except OSError:  # the directory was removed, or may not be looked at
        return
    for directory in (here, *here.parents):
        for name in (TOML_NAME, "pyproject.toml"):
            file = directory / name
            if os.path.isfile(file) and _is_trusted(file):  # noqa: PTH113 - Path.is_file raises without permission
                yield file


def _is_trusted(file: Path) -> bool:
    """Whether nobody else can have planted the file: a settings file can name code to run (PLUGINS_DIR)."""
    if not hasattr(os, "geteuid"):
        return True
    try:
        shared = file.parent.stat().st_mode & stat.S_IWOTH
        return not shared or file.stat().st_uid in (0, os.geteuid())
    except OSError:
        return False


def _table(found: Found, file: Path) -> dict[str, Any] | None:
    """Return the settings in a file; None when it has no word for us; `{}` and a problem when it cannot be read."""
    is_ours = file.name == TOML_NAME
    try:
        content = file.read_bytes()
        if not is_ours and PYPROJECT_TABLE.encode() not in content:
            return None  # also spares us the complaints about someone else's broken file
        data: Any = tomllib.loads(content.decode())
    except OSError as error:
        if is_ours:
            found.problems.append(f"{file}: the file cannot be read ({_reason(error)}); make it readable or remove it")
        return {} if is_ours else None
    except (ValueError, RecursionError) as error:
        found.problems.append(f"{file}: not valid TOML: {_reason(error)}; correct it")
        return {}
    tools = data.get("tool")
    table = tools.get(PYPROJECT_TABLE) if isinstance(tools, dict) else None
    if is_ours:
        if table is not None:
            found.problems.append(f"{file}: [tool.{PYPROJECT_TABLE}] is for pyproject.toml; leave this line out here")
        return dict(data)
    if table is None or isinstance(table, dict):
        return table
    found.problems.append(f"{file}: tool.{PYPROJECT_TABLE} is not a table; write [tool.{PYPROJECT_TABLE}]")
    return {}


def _is_path(model: type[BaseSettings], name: str) -> bool:
    return "Path" in str(model.model_fields[name].annotation)


def _relative_to(file: Path, raw: Raw) -> Raw:
    """Read a relative path as lying beside the file that names it, wherever the program was started."""
    if not isinstance(raw.value, str) or not raw.value.strip() or raw.value.startswith("~"):
        return raw
    return Raw(str(file.parent / raw.value), raw.source, raw.where)


def _reason(error: BaseException) -> str:
    """Return why, without the file's content: messages of decoding errors quote it."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    return type(error).__name__
