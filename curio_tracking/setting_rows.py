"""Rows: settings and options of plugins, ready to be shown, each with its value, its origin and what it means.

Beside `settings` and `setting_options`, for `curio-tracking config` and the reference. A plugin's model is its own
code: whatever it raises becomes a problem. Nothing here shows what may be a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from curio_tracking.setting_options import merge, usable, variable_of
from curio_tracking.setting_problems import option_text
from curio_tracking.setting_sources import OPTION_DELIMITER, option_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from curio_tracking.setting_sources import Found, Raw


class SettingRow(NamedTuple):
    """One setting, ready to be printed.

    Attributes:
        name, variable: `flush_interval` in TOML, `FEATURE_TRACKING_FLUSH_INTERVAL` in the environment.
        value_text, default_text: as one would write them; secrets masked, nothing is empty text.
        source: where the value came from.
        description, unit: what it means.
    """

    name: str
    variable: str
    value_text: str
    source: str
    description: str
    default_text: str
    unit: str


def unit_of(field: FieldInfo) -> str:
    """Return the unit that a field's `json_schema_extra` names; empty for none."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def option_rows(found: Found, plugin: str, model: type[BaseModel]) -> tuple[list[SettingRow], list[str]]:
    """Return every option of a plugin, and what is wrong with those that are given, one line per problem.

    An option that cannot be used is shown with its default.
    """
    try:
        raws = merge(found, plugin, model)
        options, used, problems = usable(plugin, model, raws)
        rows = [_row(plugin, name, field, options, used) for name, field in model.model_fields.items()]
    # whatever a validator or a default of the plugin's raises; not in its words, which may quote a secret
    except (Exception, SystemExit) as error:
        return [], [f'the options of "{plugin}" cannot be shown: its model raised {type(error).__name__}']
    return rows, problems


def unclaimed(found: Found, plugins: Collection[str]) -> dict[str, list[str]]:
    """Return the places of options that are for none of these plugins, by the plugin that they name."""
    names = {option_name(plugin) for plugin in plugins}
    starts = tuple(name + OPTION_DELIMITER for name in names)
    places: dict[str, list[str]] = {}
    for variable, raw in found.variables.items():
        if not variable.startswith(starts):
            places.setdefault(variable.partition(OPTION_DELIMITER)[0], []).append(raw.where)
    for table, options in found.tables.items():
        if table not in names:
            places.setdefault(table, []).extend(raw.where for raw in options.values())
    return places


def _row(plugin: str, name: str, field: FieldInfo, options: BaseModel | None, raws: Mapping[str, Raw]) -> SettingRow:
    # getattr: pydantic 2.9 knows no defaults that depend on other fields
    is_fixed = not field.is_required() and not getattr(field, "default_factory_takes_validated_data", False)
    default = field.get_default(call_default_factory=True) if is_fixed else None
    # without options (they do not fit together, or one is missing) what was given is all there is to show
    value = getattr(options, name) if options is not None else raws[name].value if name in raws else default
    return SettingRow(
        name=f"{option_name(plugin)}.{name}",
        variable=variable_of(plugin, name),
        value_text=option_text(value, name, field),
        source=raws[name].source if name in raws else "default",
        description=field.description or "",
        default_text=option_text(default, name, field),
        unit=unit_of(field),
    )
