"""Every command of the program, with arguments that it can do with: found from the program, so none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from curio_tracking.cli.app import build_app
from curio_tracking.cli.output import FORMATS
from curio_tracking.cli.session import Invocation

FEATURE = "import_csv"
"""What a required argument of any other name gets: the ordinary feature of the example records."""
USER = "ada-lovelace"


def command_lines(chosen: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return each command's words, and the arguments that were `chosen` for it or that it cannot do without."""
    root = typer.main.get_command(build_app())
    with root.make_context("curio-tracking", [], obj=Invocation(), resilient_parsing=True) as context:
        found = dict(_commands(context, root, ()))
    unknown = chosen.keys() - found.keys()
    assert not unknown, f"there are no such commands: {unknown}"
    return {words: [*words.split(), *chosen.get(words, _required(command))] for words, command in found.items()}


def formats_of(words: str) -> list[str]:
    """Return the formats that a command offers; an empty list if it has none to choose from."""
    options = [option for option in _command(words).params if "--format" in option.opts]
    named = " ".join(option.help or "" for option in options)
    return [name for name in FORMATS if name in named]


def options_of(words: str) -> list[str]:
    """Return the options of a command that take a value."""
    return [option.opts[0] for option in _command(words).params if getattr(option, "is_flag", True) is False]


def _command(words: str) -> Any:
    root = typer.main.get_command(build_app())
    with root.make_context("curio-tracking", [], obj=Invocation(), resilient_parsing=True) as context:
        return dict(_commands(context, root, ()))[words]


def _commands(context: Any, command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield " ".join(words), command
        return
    for name in command.list_commands(context):
        yield from _commands(context, command.get_command(context, name), (*words, name))


def _required(command: Any) -> list[str]:
    arguments = []
    for parameter in command.params:
        if parameter.required:
            value = USER if "user" in (parameter.name or "") else FEATURE
            arguments += [value] if parameter.param_type_name == "argument" else [parameter.opts[0], value]
    return arguments
