"""Writes the parts of the pages that follow from the code: settings, commands, hooks, record fields, rooms, promises.

    python docs/generate.py            writes them into the pages
    python docs/generate.py --check    changes nothing, exits with 1 and names every page that is out of date

A page marks such a part with `<!-- generated: NAME -->` and `<!-- end of NAME -->`; everything else on it is written by
hand. Needs nothing but the installed package.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
from promises import promise_sections

import curio_tracking
from curio_tracking import hookspecs
from curio_tracking.cli.app import build_app
from curio_tracking.cli.session import Invocation
from curio_tracking.health import HEALTH_FIELDS, PROCESS_FIELDS, STATES
from curio_tracking.hookspecs import HOOK_NAMES, HookSpecs
from curio_tracking.records import RECORD_FIELDS, FeatureRecord
from curio_tracking.settings import Settings, describe_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DOCS: Final = Path(__file__).parent
PACKAGE: Final = Path(curio_tracking.__file__).parent
HELP_WIDTH: Final = 80
_AS_TEXT: Final = {"start_us": ("start_time", "str, ISO 8601 UTC"), "status": ("status", "str")}
"""Fields that `as_dict` gives another name or type."""
SCAFFOLDS: Final = "scaffolds"
"""What `plugins new` writes; no part of the program."""
_PART: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)


# -- settings -------------------------------------------------------------------------------------------------------


def settings_table() -> str:
    """Return one table of all settings, in the order of the model."""
    rows = describe_settings(Settings())
    lines = ["| Variable | Default | Unit | Meaning |", "|---|---|---|---|"]
    for row in rows:
        default = f"`{row.default_text}`" if row.default_text else "(none)"
        if row.name == "data_dir":
            default = "the platform's, on Linux `~/.local/share/curio-tracking`"
        lines.append(f"| `{row.variable}` | {default} | {row.unit} | {_cell(row.description)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# -- commands -------------------------------------------------------------------------------------------------------


def command_help() -> str:
    """Return the help of the program and of each of its own commands."""
    return "\n".join(f"## {path}\n\n```text\n{text}\n```\n" for path, text in helps().items())


def helps() -> dict[str, str]:
    """Return the help texts by what is typed, for example `curio-tracking plugins list`."""
    return dict(_helps(typer.main.get_command(build_app()), "curio-tracking", None))


def _helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    context = command.context_class(command, info_name=name, parent=parent, terminal_width=HELP_WIDTH)
    if parent is None:
        context.obj = Invocation()
    yield context.command_path, command.get_help(context)
    for child in command.list_commands(context) if hasattr(command, "list_commands") else ():
        found = command.get_command(context, child)
        if _is_ours(found):
            yield from _helps(found, child, context)


def _is_ours(command: Any) -> bool:
    return str(getattr(command.callback, "__module__", "")).startswith("curio_tracking.")


# -- hooks ----------------------------------------------------------------------------------------------------------


def hook_sections() -> str:
    """Return a section per hook, with what its `register` takes."""
    sections = []
    for name in HOOK_NAMES:
        function = getattr(HookSpecs, name)
        arguments = ", ".join(list(inspect.signature(function).parameters)[1:])
        sections.append(f"## {name}\n\n`{name}({arguments})`\n\n{inspect.getdoc(function)}\n")
        protocol = _protocol_of(function)
        if protocol is not None:
            call = protocol.__call__
            takes = _signature("register", call)
            sections.append(f"```text\n{takes}\n```\n\n{inspect.getdoc(call)}\n")
    return "\n".join(sections)


def _protocol_of(function: Callable[..., Any]) -> Any:
    annotation = str(function.__annotations__.get("register", ""))
    return getattr(hookspecs, annotation, None)


def _signature(name: str, function: Callable[..., Any]) -> str:
    """Return the call on one line, or one parameter per line where it is long; annotations as they are written."""
    parts, has_star = [], False
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not has_star:
            parts.append("*")
            has_star = True
        default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default}"
        parts.append(f"{parameter.name}: {parameter.annotation}{default}")
    line = f"{name}({', '.join(parts)})"
    return line if len(line) <= HELP_WIDTH else f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


# -- record ---------------------------------------------------------------------------------------------------------


def record_table() -> str:
    """Return one table of the fields of a record, as `as_dict` names them."""
    texts = _attribute_texts(inspect.getdoc(FeatureRecord) or "") | {"start_us": "when it began."}
    lines = ["| Field | Type | Default | Meaning |", "|---|---|---|---|"]
    for spec in fields(FeatureRecord):
        if spec.name not in RECORD_FIELDS:
            continue
        name, kind = _AS_TEXT.get(spec.name, (spec.name, str(spec.type)))
        lines.append(f"| `{name}` | `{_cell(kind)}` | {_default_of(spec)} | {_cell(texts[spec.name])} |")
    return "\n".join(lines)


def _default_of(spec: Any) -> str:
    if spec.default_factory is not MISSING:
        return f"`{spec.default_factory()}`"
    return "required" if spec.default is MISSING else f"`{spec.default}`"


def _attribute_texts(docstring: str) -> dict[str, str]:
    """Return the text of each name in the "Attributes:" part; names that share a line share its text."""
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in docstring.partition("Attributes:\n")[2].splitlines():
        found = re.fullmatch(r" {4}(\w+(?:, \w+)*): (.*)", line)
        if found:
            names = found[1].split(", ")
            texts.update(dict.fromkeys(names, found[2]))
        else:
            texts.update({name: f"{texts[name]} {line.strip()}" for name in names})
    return texts


# -- health ---------------------------------------------------------------------------------------------------------


def health_table() -> str:
    """Return one table of what `health()` returns."""
    return _vocabulary(HEALTH_FIELDS)


def process_table() -> str:
    """Return one table of what is known of a process besides."""
    return _vocabulary(PROCESS_FIELDS)


def _vocabulary(words: dict[str, tuple[str, str]]) -> str:
    rows = [f"| `{name}` | {unit} | {_cell(meaning)} |" for name, (unit, meaning) in words.items()]
    return "\n".join(["| Key | Unit | Meaning |", "|---|---|---|", *rows])


def state_table() -> str:
    """Return one table of what `state` may be."""
    rows = [f"| `{name}` | {_cell(meaning)} |" for name, meaning in STATES.items()]
    return "\n".join(["| State | Meaning |", "|---|---|", *rows])


# -- rooms ----------------------------------------------------------------------------------------------------------


def room_table() -> str:
    """Return one table of the modules and packages of `curio_tracking`: what each is for and which it imports."""
    rooms = sorted({path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")})
    lines = ["| Room | What lives there | Imports |", "|---|---|---|"]
    for room in rooms:
        if room == "__init__":
            continue
        path = PACKAGE / room
        found = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
        files = [file for file in found if SCAFFOLDS not in file.parts]
        trees = {file: ast.parse(file.read_text("utf-8")) for file in files}
        first = ast.get_docstring(trees[files[0]]) or ""
        imported = {name for tree in trees.values() for name in _imports(tree)} - {room}
        purpose = _cell(first.split("\n\n")[0].partition("\n")[0])
        lines.append(f"| `{room}` | {purpose} | {', '.join(sorted(imported)) or '-'} |")
    return "\n".join(lines)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield the rooms of the package that a module imports when it is loaded."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            parts = statement.module.split(".")
            if parts[0] == "curio_tracking":
                yield from [parts[1]] if len(parts) > 1 else _homes(alias.name for alias in statement.names)


def _homes(names: Iterable[str]) -> Iterator[str]:
    """Yield the rooms that `from curio_tracking import names` leads to."""
    homes: dict[str, str] = curio_tracking._HOMES
    for name in names:
        if name in homes:
            yield homes[name].split(".")[1]
        elif (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file():
            yield name


# -- pages ----------------------------------------------------------------------------------------------------------

PARTS: Final[dict[str, Callable[[], str]]] = {
    "settings": settings_table,
    "commands": command_help,
    "hooks": hook_sections,
    "promises": promise_sections,
    "record": record_table,
    "rooms": room_table,
    "health": health_table,
    "processes": process_table,
    "states": state_table,
}


def generated(text: str) -> str:
    """Return the page's text with every generated part brought up to date."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]().strip()}\n\n{found[3]}", text)


def pages() -> list[Path]:
    """Return the pages that have generated parts."""
    return sorted(path for path in DOCS.rglob("*.md") if _PART.search(path.read_text("utf-8")))


def stale_pages() -> list[Path]:
    """Return the pages whose generated parts are not what the code says now."""
    return [path for path in pages() if generated(path.read_text("utf-8")) != path.read_text("utf-8")]


def main(arguments: list[str]) -> int:
    """Write or check the pages and return the exit code."""
    # the defaults are documented, not what this user has set
    for name in [name for name in os.environ if name.startswith("FEATURE_TRACKING_") or name == "DO_NOT_TRACK"]:
        del os.environ[name]
    stale = stale_pages()
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(DOCS.parent)} is out of date; run: python docs/generate.py")
        else:
            path.write_text(generated(path.read_text("utf-8")), "utf-8")
            print(f"wrote {path.relative_to(DOCS.parent)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
