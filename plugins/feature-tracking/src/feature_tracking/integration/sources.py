"""Sources: which Python files of a code base are looked at, and what their modules are called.

The first step of `setup_integration`. Follows no symbolic link; what is not source of the project itself (environments,
builds, vendored and generated code, tests, migrations) is left out.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SKIPPED_FOLDERS: Final = frozenset(
    {
        "__pycache__",
        "_vendor",
        "migrations",
        "node_modules",
        "site-packages",
        "test",
        "testing",
        "tests",
        "third_party",
        "vendor",
        "venv",
    }
)
BUILD_FOLDERS: Final = frozenset({"build", "dist"})
"""Left out unless they are packages: projects that are about building have those."""
SKIPPED_FILES: Final = ("conftest.py", "noxfile.py", "setup.py", "test_*.py", "*_test.py", "*_pb2.py", "*_pb2_grpc.py")
OWN_PACKAGES: Final = frozenset({"curio_tracking", "feature_tracking"})
"""The tracker is not tracked by itself."""
HEAD_BYTES: Final = 2000
_GENERATED: Final = re.compile(
    rb"^[ \t]*(?:#|\"\"\"|''').*(?:@generated|do not edit|automatically generated|auto-?generated)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to look at.

    Attributes:
        path: where it is.
        shown: its path relative to what was asked for, with `/`; for people, patterns and diffs.
        module: the dotted name its features start with.
    """

    path: Path
    shown: str
    module: str


class Folders:
    """Walks a tree; remembers what could not be listed in `problems`."""

    def __init__(self, root: Path, exclude: Sequence[str] = ()) -> None:
        """Args: root: a folder, or one file. exclude: globs of paths relative to it; `*` also crosses folders."""
        # the folder may be named through links and "..": names start from where it really is
        self.root = root.resolve() if root.is_dir() else root.parent.resolve() / root.name
        self.exclude = tuple(exclude)
        self.problems: list[str] = []

    def files(self) -> list[SourceFile]:
        """Return the files in the order of their paths, each with a module name of its own."""
        base = self.root if self.root.is_dir() else self.root.parent
        paths = list(self._walk(base)) if self.root.is_dir() else [self.root]
        start = import_root(base)
        names = [module_name(path, start) for path in paths]
        shared = {name for name, count in Counter(names).items() if count > 1}
        return [
            # two files of one name would share their figures: the path tells them apart
            SourceFile(path, shown_path(path, base), path_name(path, start) if name in shared else name)
            for path, name in zip(paths, names, strict=True)
            if name.split(".")[0] not in OWN_PACKAGES
        ]

    def _walk(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self.problems.append(f"{folder}: cannot be listed: {error.strerror}")
            return
        for entry in entries:
            path = folder / entry.name
            if entry.is_symlink() or entry.name.startswith(".") or self._is_excluded(path):
                continue
            if entry.is_dir():
                if not is_skipped_folder(path):
                    yield from self._walk(path)
            elif entry.is_file() and is_source_name(entry.name):
                yield path

    def _is_excluded(self, path: Path) -> bool:
        shown = shown_path(path, self.root)
        return any(fnmatchcase(shown, pattern) or fnmatchcase(path.name, pattern) for pattern in self.exclude)


def is_skipped_folder(path: Path) -> bool:
    """Whether a folder holds nothing that the project wrote and runs for its users."""
    if path.name in SKIPPED_FOLDERS or path.name.endswith(".egg-info") or (path / "pyvenv.cfg").exists():
        return True
    return path.name in BUILD_FOLDERS and not (path / "__init__.py").exists()


def is_source_name(name: str) -> bool:
    """Whether a file of this name is Python source that runs for the project's users."""
    return name.endswith(".py") and not any(fnmatchcase(name, pattern) for pattern in SKIPPED_FILES)


def is_generated(source: bytes) -> bool:
    """Whether the head of the file says that a program wrote it."""
    return _GENERATED.search(source[:HEAD_BYTES]) is not None


def shown_path(path: Path, base: Path) -> str:
    """Return the path relative to `base` with `/`."""
    return path.relative_to(base).as_posix()


def import_root(folder: Path) -> Path:
    """Return the folder that names start from: the given (absolute) one, or where its outermost package lies.

    So a feature has the same name whether the whole project or one package of it was given.
    """
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder


def module_name(path: Path, start: Path) -> str:
    """Return the dotted name of a file below `start`, as it is imported where that can be told."""
    parts = list(path.relative_to(start).with_suffix("").parts)
    if parts[0] == "src" and len(parts) > 1:
        parts = parts[1:]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    # file names may hold bytes that are no text; a name is text
    return ".".join(parts).encode(errors="backslashreplace").decode()


def path_name(path: Path, start: Path) -> str:
    """Return the path below `start` as a name: unlike dotted names, no two files share one."""
    return path.relative_to(start).with_suffix("").as_posix()
