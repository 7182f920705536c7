"""Rollups of a store that is too large to generate record by record: 100 million records, without the records.

The statistics need nothing else, so the reader can be measured on them in seconds instead of hours.
"""

from __future__ import annotations

from pathlib import Path


def write_generated_rollups(data_dir: Path, days: int, features: int, records_per_day: int) -> bool:
    """Write what a store's rollups are after days of records that have been compacted; a reader finds nothing else.

    The rollups are those that the engine's own writer makes (its format, its merging of days), so that the reader takes
    the way that it takes over real ones: filled histograms of durations, filled sketches of users, every status.

    Args:
        data_dir: a directory that does not exist yet.
        days: one rollup per day, the last one yesterday (UTC).
        features: how many features each day has, used as Zipf's law has it.
        records_per_day: the calls of all features of one day together; the totals must add up to
            `days * records_per_day`.

    Returns:
        Whether rollups were written; False as long as the engine keeps none.
    """
    return False
