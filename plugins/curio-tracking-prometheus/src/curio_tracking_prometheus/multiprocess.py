"""Multi-process mode: whether the client library keeps the values of several processes in files, and where.

It decides so when it is imported, by the variable that the application was started with. Light to import.
"""

from __future__ import annotations

import os
from pathlib import Path

from curio_tracking.errors import PluginError


def directory() -> str | None:
    """Return the directory of the files, None if each process keeps its own values."""
    # the library still takes the old spelling, with a warning
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR", os.environ.get("prometheus_multiproc_dir"))  # noqa: SIM112


def check_directory() -> None:
    """Find out at start-up, and not with every batch, that the library could not write its files.

    Raises:
        PluginError: there is no such directory, or this user may not write to it.
    """
    name = directory()
    if name is not None and not (Path(name).is_dir() and os.access(name, os.W_OK | os.X_OK)):
        raise PluginError(
            f'PROMETHEUS_MULTIPROC_DIR is "{name}", which is no directory to write to; make it before the application'
            " starts"
        )
