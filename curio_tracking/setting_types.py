"""Kinds of settings that pydantic does not have: comma lists, and paths that keep pointing where they did.

Used by `settings` alone; imports nothing of the project.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from platformdirs import user_data_dir
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

APP_NAME: Final = "curio-tracking"


def _split(value: object) -> object:
    """Read `a, b` as ("a", "b"); blanks and empty parts do not count."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, set | frozenset) else value


def _absolute(value: object) -> object:
    """Fix a path to where it points now: the program may change its directory later."""
    if not isinstance(value, str | Path):
        return value
    if not str(value) or "\0" in str(value):
        raise PydanticCustomError("path_type", "not a path")
    try:
        return Path(os.path.abspath(Path(value).expanduser()))  # noqa: PTH100 - resolve() would follow links
    except (OSError, RuntimeError):  # no current directory, or no home of that name
        return Path(value)


def default_data_dir() -> Path:
    """Return this user's data directory of the platform (below XDG_DATA_HOME where that is the custom)."""
    return Path(str(_absolute(user_data_dir(APP_NAME, appauthor=False))))


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Location = Annotated[Path, BeforeValidator(_absolute)]
