"""plugins new: writes a complete distribution to start from, one of `scaffolds` under a name of the user's.

A scaffold is a working distribution itself; its names are exchanged as text.
"""

from __future__ import annotations

import importlib.util
import keyword
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from curio_tracking.cli import note, visible
from curio_tracking.cli.options import PROGRAM
from curio_tracking.errors import PluginError
from curio_tracking.hookspecs import ALL_GROUPS
from curio_tracking.plugins import PluginHost
from curio_tracking.reader import choose
from curio_tracking.storage.directories import make_way

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from importlib.resources.abc import Traversable

KINDS: Final = ("backend", "filter", "exporter", "command", "page", "instrument")
OWN_PREFIX: Final = "curio_tracking_"
"""How a distribution may be called so that people find it; its part goes without."""
DIRECTORY_MODE: Final = 0o755
FILE_MODE: Final = 0o644
"""Whatever the umask: what others may write, they can make the author run."""
_DISTRIBUTION: Final = re.compile(r"[A-Za-z]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Names:
    """What the new things are called: `my-store` for the distribution, `my_store` for module and part."""

    distribution: str
    module: str
    part: str
    kind: str

    def put_into(self, text: str) -> str:
        """Return a text of a scaffold with these names in it."""
        camel = "".join(word.capitalize() for word in self.part.split("_"))
        suffix = self.kind.capitalize()
        exchanged = {
            "example-distribution": self.distribution,
            "example_module": self.module,
            "EXAMPLE_PART": self.part.upper(),
            "example_part": self.part,
            "example-part": self.part.replace("_", "-"),
            "ExamplePart": camel if camel.endswith(suffix) else camel + suffix,
            "Example part": self.part.replace("_", " ").capitalize(),
        }
        for old, new in exchanged.items():
            text = text.replace(old, new)
        return text


def new(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.", autocompletion=lambda: list(KINDS)),
    ],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The distribution's name, for example curio-tracking-redis.")
    ],
    into: Annotated[
        Path, typer.Option("--into", metavar="DIR", help="Where its folder is made; by default here.")
    ] = Path(),
) -> None:
    """Write a complete distribution with one working part, to make your own of.

    It comes with its metadata, a README, options where the kind has any, and tests that pass at once.
    """
    names = _names(choose("kind", kind, KINDS), name)
    folder = into / names.distribution
    written = _write(files("curio_tracking.cli.plugins") / "scaffolds" / names.kind, folder, names)
    for path in written:
        typer.echo(visible(str(path)))
    note(
        f"next: cd {folder}\n"
        '      python -m pip install -e ".[test]"\n'
        "      python -m pytest\n"
        f"      {PROGRAM} plugins check {names.distribution}"
    )


def _names(kind: str, name: str) -> Names:
    """Return the names that follow from the distribution's.

    Raises:
        PluginError: it is no name, or something else has one of these names already.
    """
    if not _DISTRIBUTION.fullmatch(name):
        raise PluginError(f'"{name}" cannot be a distribution; use letters, digits and -, a letter first')
    module = re.sub(r"[-_.]+", "_", name).lower()
    part = module.removeprefix(OWN_PREFIX)
    if keyword.iskeyword(module) or not part.isidentifier() or keyword.iskeyword(part):
        raise PluginError(f'"{name}" makes no name of a Python module; choose another')
    if module in sys.stdlib_module_names or importlib.util.find_spec(module) is not None:
        raise PluginError(f'there is a module "{module}" already; choose another name, such as curio-tracking-{name}')
    if part in _taken(kind):
        raise PluginError(f'curio-tracking has a {kind} "{part}" of its own; choose another name')
    return Names(name, module, part, kind)


def _taken(kind: str) -> Collection[str]:
    """Return the names of the built-in parts of a kind."""
    host = PluginHost(ALL_GROUPS, admits=lambda state: state.is_built_in)
    if kind == "command":
        app = typer.Typer()
        host.add_commands(app)
        return {name.replace("-", "_") for name in typer.main.get_group(app).commands}
    if kind == "page":
        return {page.slug for page in host.pages()}
    host.load()
    taken: dict[str, Collection[str]] = {
        "backend": host.all_backends(),
        "filter": host.filters,
        "exporter": {**host.exporters, **host.file_writers},
    }
    return taken.get(kind, ())


def _write(scaffold: Traversable, folder: Path, names: Names) -> list[Path]:
    """Write the files and return their paths. The folder is there as a whole, or not at all.

    Raises:
        PluginError: there is something of that name. OSError: it cannot be written.
    """
    if folder.exists():
        raise PluginError(f"{folder} is there already; choose another name, or another place by --into")
    make_way(folder.parent, DIRECTORY_MODE)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        written = []
        for path, content in _files_of(scaffold):
            target = draft / names.put_into(str(path))
            make_way(target.parent, DIRECTORY_MODE)
            _write_one(target, names.put_into(content))
            written.append(folder / target.relative_to(draft))
        draft.chmod(folder.parent.stat().st_mode & DIRECTORY_MODE)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return sorted(written)


def _write_one(target: Path, text: str) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
        stream.write(text)


def _files_of(folder: Traversable, below: Path = Path()) -> Iterator[tuple[Path, str]]:
    """Yield the files of a scaffold, by their path in it."""
    for entry in folder.iterdir():
        if entry.is_file():
            yield below / entry.name, entry.read_text("utf-8")
        elif entry.name != "__pycache__":  # pip compiles every .py file that it installs
            yield from _files_of(entry, below / entry.name)
