"""Records that go over some days, and a migration from its beginning to its end."""

from __future__ import annotations

from curio_tracking.interfaces import StorageBackend
from curio_tracking.migrating.migration import Migration
from curio_tracking.migrating.outcome import Outcome
from curio_tracking.migrating.sides import Side
from curio_tracking.migrating.survey import survey
from curio_tracking.records import FeatureRecord
from curio_tracking.testing.filters import make_record

DAY_US = 86_400_000_000


def over_days(count: int, days: int = 4) -> list[FeatureRecord]:
    """Return records, oldest first, that go over some days, each at a moment of its own."""
    start_us = make_record(0).start_us
    return [
        make_record(
            n,
            record_id=f"r{n:04}",
            start_us=start_us + n * (days * DAY_US // count),
            feature_name=f"feature {n % 5}",
            user_id=f"u{n % 7}",
            duration=n / 8,
        )
        for n in range(count)
    ]


def move(
    source: StorageBackend, target: StorageBackend, reader: StorageBackend | None = None, *, is_dry: bool = False
) -> Outcome:
    """Run a migration to its end."""
    side = Side("old", source)
    migration = Migration(side, survey(side), Side("new", target), Side("new", reader or target))
    for _step in migration.rehearse() if is_dry else migration.steps():
        pass
    if not is_dry:
        migration.compare_statistics()
    return migration.outcome
