"""Leftovers: what killed upkeep leaves in the directory of a day, and who is about to change that day removes first.

Otherwise it would come back once the file in its place is gone. Readers never see it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from curio_tracking.storage.files import ABANDONED_SECONDS, remove_abandoned
from curio_tracking.storage.tinyflux.catalog import files_of, superseded
from curio_tracking.storage.tinyflux.upkeep.joining import finish_joins

if TYPE_CHECKING:
    from pathlib import Path


def clear_day(directory: Path, *, seconds: float = ABANDONED_SECONDS) -> None:
    """Remove half-made files, parts that were joined, and segments in whose place there is another file.

    Args:
        directory: of the day. seconds: how old half-made files have to be.

    Raises:
        OSError: some of it is still there.
    """
    remove_abandoned(directory, time.time(), seconds=seconds)
    finish_joins(directory)
    for file in superseded(files_of(directory)):
        file.path.unlink(missing_ok=True)
