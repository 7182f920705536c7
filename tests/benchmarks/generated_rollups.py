"""Rollups of a store that is too large to generate record by record: 100 million records, without the records.

The statistics need nothing else, so the reader can be measured on them in seconds instead of hours. Days of past months
are in the rollups of their months alone, as retention leaves them; those of this month have rollups of their own.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from math import exp
from pathlib import Path

from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureCategory, FeatureStatus, to_microseconds
from curio_tracking.sketches import HyperLogLog, bin_of
from curio_tracking.storage.tinyflux.reading.snapshot import Store
from curio_tracking.storage.tinyflux.rollups.cells import HOUR_US, CellKey
from curio_tracking.storage.tinyflux.rollups.history import month_of, rollup_directory, write_day
from curio_tracking.storage.tinyflux.upkeep.merging import merge_month
from curio_tracking.summaries import Summary

USERS = 5_000
SHARES = ((FeatureStatus.SUCCESS, 0.95), (FeatureStatus.FAILED, 0.03), (FeatureStatus.PARTIAL, 0.02))
# the shape of every histogram: how often each step of a log-normal duration comes, from -3 to 3 deviations
STEPS = [(step / 25, exp(-((step / 25) ** 2) / 2)) for step in range(-75, 76)]


def write_generated_rollups(data_dir: Path, days: int, features: int, records_per_day: int) -> None:
    """Write what a store's rollups are after days of records that have been compacted; a reader finds nothing else.

    The rollups are those that the engine's own writer makes (its format, its merging of days), so that the reader takes
    the way that it takes over real ones: filled histograms of durations, filled sketches of users, several statuses.

    Args:
        data_dir: a directory that does not exist yet.
        days: one rollup per day, the last one yesterday (UTC).
        features: how many features each day has, used as Zipf's law has it.
        records_per_day: the calls of all features of one day together.
    """
    chance = random.Random(1)
    users = generated_users()
    directory = rollup_directory(data_dir)
    directory.mkdir(parents=True, mode=0o700)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    months = defaultdict(list)
    for back in range(days, 0, -1):
        moment = today - timedelta(days=back)
        name = moment.strftime("%Y-%m-%d")
        months[month_of(name)].append(name)
        totals = day_totals(chance, to_microseconds(moment), features, records_per_day, users)
        write_day(directory, name, {f"generated-1-00-{back}": records_per_day * 300}, totals)
    for month, names in months.items():
        if month < month_of(today.strftime("%Y-%m-%d")):
            merge_month(data_dir, month, Store(data_dir).snapshot(RecordQuery()))
            for name in names:
                (directory / f"{name}.rollup").unlink()


def generated_users() -> list[HyperLogLog]:
    """Return a sketch of each of the users."""
    users = [HyperLogLog() for _ in range(USERS)]
    for number, user in enumerate(users):
        user.add(f"1:{number:032x}")
    return users


def day_totals(
    chance: random.Random, begin_us: int, features: int, records: int, users: list[HyperLogLog]
) -> dict[CellKey, Summary]:
    """Return the totals of a day's records, which all came in its thirteenth hour."""
    shares = [1 / (rank + 1) for rank in range(features)]
    counts = _split(records, shares)
    categories = [category.value for category in FeatureCategory]
    totals: dict[CellKey, Summary] = {}
    for number, count in enumerate(counts):
        # the durations of a feature are a little different every day
        median = 0.0005 * 1.05**number * chance.uniform(0.9, 1.1)
        parts = zip(SHARES, _split(count, [share for _status, share in SHARES]), strict=True)
        for (status, _share), calls in parts:
            if calls:
                key = (f"feature_{number:03}", categories[number % 10], status, "shop", "1.0", "production")
                totals[*key, begin_us // HOUR_US + 12] = _summary(chance, status, calls, median, begin_us, users)
    return totals


def _summary(
    chance: random.Random, status: str, calls: int, median: float, begin_us: int, users: list[HyperLogLog]
) -> Summary:
    summary = Summary()
    values = [(median * exp(deviations * 0.8), share) for deviations, share in STEPS]
    weights = _split(calls, [share for _value, share in values])
    bins: dict[int, float] = defaultdict(float)
    for (value, _share), weight in zip(values, weights, strict=True):
        if weight:
            bins[bin_of(value)] += weight
            summary.mean_duration.add(value, weight)
            summary.widen(value, value, begin_us + 43_200_000_000, begin_us + 43_300_000_000)
    summary.durations.add_bins(bins.items())
    summary.statuses[status] = float(calls)
    summary.efficiency.add_sum(0.8 * calls, calls)
    summary.input_size.add_sum(512.0 * calls, calls)
    summary.output_size.add_sum(2048.0 * calls, calls)
    summary.iterations = float(calls)
    for user in chance.choices(users, k=min(calls, 1000)):
        summary.users.merge(user)
    return summary


def _split(whole: int, shares: list[float]) -> list[int]:
    """Return whole numbers in the proportion of the shares that add up to `whole`."""
    total, done, reached = sum(shares), 0, 0.0
    parts = []
    for share in shares:
        reached += share
        part = round(whole * reached / total) - done
        parts.append(part)
        done += part
    return parts
