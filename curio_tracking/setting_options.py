"""A plugin's own options: taken from what the sources hold, validated by the plugin's model.

Works on what `setting_sources` found, without knowing any plugin; `Settings.options` is the way in.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from curio_tracking.errors import SettingsError
from curio_tracking.setting_problems import bad_value, is_json, remedy
from curio_tracking.setting_sources import OPTION_DELIMITER, PREFIX, Found, Raw, option_name

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

OptionsModel = TypeVar("OptionsModel", bound=BaseModel)


def read_options(found: Found, plugin: str, model: type[OptionsModel]) -> OptionsModel:
    """Return the options of a plugin: arguments, then variables, then its TOML table, then the model's defaults.

    Raises:
        SettingsError: a value cannot be used or an option does not exist; one line per problem.
    """
    raws = merge(found, plugin, model)
    try:
        return model.model_validate(_values(raws))
    except ValidationError as error:
        raise SettingsError("\n".join(_problems(plugin, model, raws, error))) from None


def usable(
    plugin: str, model: type[OptionsModel], raws: Mapping[str, Raw]
) -> tuple[OptionsModel | None, Mapping[str, Raw], list[str]]:
    """Return the options without the values that cannot be used, the values that are left, and what is wrong.

    None stands for options that cannot be used without those values either.
    """
    problems: list[str] = []
    while True:
        try:
            return model.model_validate(_values(raws)), raws, problems
        except ValidationError as error:
            # the first round says what `read_options` would; later ones may miss what was taken out here
            problems = problems or _problems(plugin, model, raws, error)
            faulty = {str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"]}
            if not faulty & raws.keys():
                return None, raws, problems
            raws = {option: raw for option, raw in raws.items() if option not in faulty}


def variable_of(plugin: str, option: str) -> str:
    """Return the environment variable of an option."""
    return f"{PREFIX}{option_name(plugin).upper()}{OPTION_DELIMITER}{option.upper()}"


def merge(found: Found, plugin: str, model: type[BaseModel]) -> dict[str, Raw]:
    """Return what is given for a plugin's options, not validated: of several values the strongest source's."""
    table = found.tables.get(option_name(plugin), {})
    arguments = {option: raw for option, raw in table.items() if raw.source == "argument"}
    spelling = {option.lower(): option for option in model.model_fields}
    start = option_name(plugin) + OPTION_DELIMITER
    variables = {}
    for variable, raw in found.variables.items():
        if variable.startswith(start):
            option = spelling.get(variable.removeprefix(start), variable.removeprefix(start))
            variables[option] = Raw(_decode(model, option, raw.value), raw.source, raw.where)
    return table | variables | arguments


def _decode(model: type[BaseModel], option: str, text: str) -> object:
    """Read the text of a variable as JSON or a comma list where the option holds several values."""
    annotation = model.model_fields[option].annotation if option in model.model_fields else str
    kinds = [kind for kind in _kinds(annotation) if issubclass(kind, Collection | BaseModel)]
    if not kinds:
        return text
    if is_json(text):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    has_names = any(issubclass(kind, Mapping | BaseModel) for kind in kinds)
    return text if has_names else [part.strip() for part in text.split(",") if part.strip()]


def _kinds(annotation: Any) -> set[type]:
    """Return the classes whose values an option takes; not those of text, which is taken as it is."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return set().union(*map(_kinds, get_args(annotation)))
    kind = origin or annotation
    return {kind} if isinstance(kind, type) and not issubclass(kind, str | bytes) else set()


def _values(raws: Mapping[str, Raw]) -> dict[str, Any]:
    return {option: raw.value for option, raw in raws.items()}


def _problems(plugin: str, model: type[BaseModel], raws: Mapping[str, Raw], error: ValidationError) -> list[str]:
    details = error.errors(include_url=False)
    return list(dict.fromkeys(_problem(plugin, model, raws, detail) for detail in details))


def _problem(plugin: str, model: type[BaseModel], raws: Mapping[str, Raw], detail: ErrorDetails) -> str:
    option = str(detail["loc"][0]) if detail["loc"] else ""
    known: dict[str, Any] = dict(model.model_fields)
    where = raws[option].where if option in raws else variable_of(plugin, option)
    if not option:
        return f'the options of "{plugin}" do not fit together: {detail["msg"]}'
    if detail["type"] == "extra_forbidden" or option not in known:
        return f'{where}: "{plugin}" has no such option; it has {", ".join(known) or "none"}'
    if option not in raws and detail["type"] == "missing":
        return f'{where}: "{plugin}" needs this option; set it'
    if option not in raws:
        return f'{where}: the default that "{plugin}" has for this option cannot be used; set it'
    return f"{bad_value(where, raws[option].value, known[option], option, detail)}; {remedy(known[option])}"
