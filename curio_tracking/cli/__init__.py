"""The command line program, and what commands use: a plugin's command imports these names, as ours do.

`main` runs the program. A command opens a `Session`, asks its reader, and prints rows through a `Layout`.
"""

from __future__ import annotations

from curio_tracking.cli import units
from curio_tracking.cli.app import main
from curio_tracking.cli.columns import Column, Layout
from curio_tracking.cli.emptiness import HOW_TO_START, explain_cost, explain_nothing
from curio_tracking.cli.escapes import visible
from curio_tracking.cli.files import new_file
from curio_tracking.cli.options import (
    CategoryOption,
    FeatureOption,
    FormatOption,
    LimitOption,
    SinceOption,
    StatusOption,
    UntilOption,
    UserOption,
    examples,
)
from curio_tracking.cli.output import (
    choose_format,
    is_for_people,
    is_terminal,
    json_text,
    note,
    print_object,
    print_rows,
)
from curio_tracking.cli.progress import with_progress
from curio_tracking.cli.session import Session, command_settings, open_session, plugin_host, root_overrides

__all__ = [
    "HOW_TO_START",
    "CategoryOption",
    "Column",
    "FeatureOption",
    "FormatOption",
    "Layout",
    "LimitOption",
    "Session",
    "SinceOption",
    "StatusOption",
    "UntilOption",
    "UserOption",
    "choose_format",
    "command_settings",
    "examples",
    "explain_cost",
    "explain_nothing",
    "is_for_people",
    "is_terminal",
    "json_text",
    "main",
    "new_file",
    "note",
    "open_session",
    "plugin_host",
    "print_object",
    "print_rows",
    "root_overrides",
    "units",
    "visible",
    "with_progress",
]
