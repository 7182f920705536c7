"""config: every setting with its value, where that came from, and what it means."""

from typing import Final

import typer

from curio_tracking.cli import (
    Column,
    FormatOption,
    Layout,
    choose_format,
    examples,
    print_rows,
    root_overrides,
)
from curio_tracking.errors import SettingsError
from curio_tracking.hookspecs import hookimpl
from curio_tracking.settings import describe_settings, load_settings


@hookimpl
def curio_register_commands(app: typer.Typer) -> None:
    """Add `config`."""
    app.command("config", epilog=examples("config", "--data-dir ./data config --format json"))(config)


def config(ctx: typer.Context, format_name: FormatOption = None) -> None:
    """Show every setting with its value and its source.

    The table also says what each setting means; secrets are masked. When some value cannot be used, all settings are
    shown with what stands in its place, and the exit code is 2.
    """
    chosen = choose_format(format_name)
    settings = load_settings(root_overrides(ctx), strict=False)
    rows = (
        {
            "name": row.name,
            "variable": row.variable,
            "value": row.value_text,
            "source": row.source,
            "default": row.default_text,
            "unit": row.unit,
            "description": row.description,
        }
        for row in describe_settings(settings)
    )
    print_rows(rows, LAYOUT, chosen)
    if settings.problems:
        raise SettingsError("\n".join(settings.problems))


LAYOUT: Final = Layout(
    ("name", "variable", "value", "source", "default", "unit", "description"),
    (
        Column("name", "Setting", style=lambda _: "bold"),
        Column("value", "Value", is_long=True),
        Column("source", "Source", is_long=True),
        Column("description", "Description", is_long=True, rank=1),
    ),
)
