"""What a writer does once when it starts: mend what processes left behind that were killed in the middle of a write.

A line without its end was never acknowledged. It is cut where nobody owns the segment any more; the segments of living
processes are left alone.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.storage.files import cut_torn_line, is_torn, is_unowned, open_to_repair, remove_abandoned
from curio_tracking.storage.tinyflux.catalog import all_days, segments_of
from curio_tracking.storage.tinyflux.staging import finish_staged

if TYPE_CHECKING:
    from pathlib import Path

_log: Final = logging.getLogger("curio_tracking")


def recover(raw: Path, now: float) -> None:
    """Cut torn lines of sealed segments, finish killed imports, remove what killed rewrites left.

    What cannot be mended stays as it is.

    Args:
        raw: the directory of all days.
        now: seconds since 1970.
    """
    try:
        finish_staged(raw.parent)
        for day in all_days(raw):
            remove_abandoned(raw / day, now)
            for segment in segments_of(raw, day):
                if is_torn(segment):
                    _mend(segment)
    except StorageError as error:
        _log.debug("%s", error)


def _mend(segment: Path) -> None:
    with contextlib.suppress(OSError):
        file = open_to_repair(segment)
        try:
            if is_unowned(file) and cut_torn_line(file) == 0:
                segment.unlink()
        finally:
            os.close(file)
