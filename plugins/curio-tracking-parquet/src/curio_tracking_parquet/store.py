"""Where frames come from: a reader of the store that the caller means, through the public `FeatureTracker`.

Reading starts no thread and creates no file.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from curio_tracking import FeatureTracker, feature_tracker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from curio_tracking.reader import Reader


@contextmanager
def open_store(
    tracker: FeatureTracker | None, data_dir: str | PathLike[str] | None, backend: str | None
) -> Iterator[Reader]:
    """Open the store of a tracker, or the one that settings name, for reading.

    Args:
        tracker: whose store, its own calls included; None for `feature_tracker`'s.
        data_dir, backend: as the settings of these names, instead of a tracker.

    Raises:
        TypeError: both were given. CurioError: the settings or the store cannot be used.
    """
    given: dict[str, Any] = {
        name: value for name, value in (("data_dir", data_dir), ("backend", backend)) if value is not None
    }
    if tracker is not None and given:
        raise TypeError(f"give a tracker or {' and '.join(given)}, not both: a tracker has a store of its own")
    own = FeatureTracker(**given) if given else None
    try:
        reader = (own or tracker or feature_tracker).reader()
        try:
            yield reader
        finally:
            reader.close()
    finally:
        if own is not None:
            own.close()


def time_text(moment: str | date | None) -> str | None:
    """Return the time as the reader takes it: text (`7d`, `2026-11-01`) as it is, a date or datetime as ISO 8601."""
    return moment.isoformat() if isinstance(moment, date) else moment
