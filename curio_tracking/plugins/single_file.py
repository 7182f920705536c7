"""Single-file plugins: which files of PLUGINS_DIR may be run, and how they are imported.

Whoever can write the file, or put another one in its place, can run code in every program that is tracked. So what is
looked at is what is run: a symlink may lead anywhere tomorrow, and a compiled copy in `__pycache__` is other code.
"""

from __future__ import annotations

import os
import stat
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Final, NoReturn

from curio_tracking.opening import open_file

if TYPE_CHECKING:
    from pathlib import Path

_MODULE: Final = "curio_tracking_plugin_"


def refusal_of(path: Path, *, is_directory: bool = False) -> str | None:
    """Return why a file, or the directory itself, is not used; None for a good one.

    Raises:
        OSError: it cannot be looked at.
    """
    # the directory itself may be reached through a symlink: it was named by the settings
    status = path.stat() if is_directory else path.lstat()
    if not is_directory and not stat.S_ISREG(status.st_mode):
        return f"is refused: {path} is no file but {_kind(status.st_mode)}; put the file itself there"
    if os.name == "posix" and status.st_mode & stat.S_IWOTH:
        return f"is refused: everybody may write {path}; take that away (chmod o-w)"
    return None


def _kind(mode: int) -> str:
    return "a symbolic link" if stat.S_ISLNK(mode) else "something else"


def import_file(path: Path) -> object:
    """Import a file as a module of its own name.

    Raises:
        ImportError: it is refused by now, or is no module. Whatever its code raises.
    """
    name = f"{_MODULE}{path.stem}"
    spec = spec_from_file_location(name, path, loader=_Loader(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not importable")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]  # as the import system does
        raise
    return module


class _Loader(SourceFileLoader):
    """Runs the source and nothing else."""

    def path_stats(self, path: str) -> NoReturn:
        """Know no time of the source: then Python neither reads nor writes a compiled copy."""
        raise OSError(f"no compiled copy of {path} is wanted")

    def get_data(self, path: str) -> bytes:
        """Return the source, of the very file that was looked at.

        Raises:
            ImportError: it is another one by now. OSError: it cannot be read.
        """
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & stat.S_IWOTH:
                raise ImportError(f"{path} was exchanged while it was looked at")
            return file.read()
