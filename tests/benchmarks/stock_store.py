"""The same records and questions with TinyFlux as it comes: one file, its own writer, its own reader.

`python stock_store.py FILE` measures the statistics of all features, which users of TinyFlux fold themselves.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

from generated import in_batches
from measuring import Statistics, report
from tinyflux import Point, TinyFlux

from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tinyflux.stock import point_of


def point(record: FeatureRecord) -> Point:
    """Return the record as a point: text in tags, numbers in fields, and nothing for what is not known."""
    made = point_of(record)
    made.tags = {key: value for key, value in made.tags.items() if value is not None}
    made.fields = {key: value for key, value in made.fields.items() if value is not None}
    return made


def load(path: Path, records: Iterable[FeatureRecord]) -> None:
    store = TinyFlux(path)
    for batch in in_batches(records, 5_000):
        store.insert_multiple(map(point, batch), compact_key_prefixes=True)
    store.close()


def append_seconds(path: Path, batches: Sequence[Sequence[Point]]) -> float:
    """Return what it takes to append the batches."""
    store = TinyFlux(path)
    start = perf_counter()
    for batch in batches:
        store.insert_multiple(batch, compact_key_prefixes=True)
    taken = perf_counter() - start
    store.close()
    return taken


class Totals:
    """What is known of one feature."""

    def __init__(self) -> None:
        self.statuses: Counter[str | None] = Counter()
        self.users: set[str | None] = set()
        self.times: list[Any] = []
        self.fields: dict[str, list[Any]] = defaultdict(list)

    def add(self, found: Point) -> None:
        self.statuses[found.tags["status"]] += 1
        self.users.add(found.tags.get("user_id"))
        self.times.append(found.time)
        for name, value in found.fields.items():
            self.fields[name].append(value)

    def as_dict(self, feature: str, category: str | None) -> dict[str, Any]:
        durations = sorted(self.fields["duration"])
        calls = len(durations)
        averages = {
            f"avg_{name}": fmean(values) if (values := self.fields.get(name)) else None
            for name in ("duration", "efficiency_score", "input_size", "output_size")
        }
        quantiles = {f"p{percent}_duration": durations[calls * percent // 100] for percent in (50, 95, 99)}
        return {
            "feature_name": feature,
            "category": category,
            "total_calls": calls,
            "statuses": dict(self.statuses),
            "min_duration": durations[0],
            "max_duration": durations[-1],
            **averages,
            **quantiles,
            "total_iterations": sum(self.fields["iterations"]),
            "unique_users": len(self.users - {None}),
            "first_used": min(self.times),
            "last_used": max(self.times),
        }


def statistics(store: TinyFlux) -> Statistics:
    """Fold every point, one at a time: searching would do the same and keep all of them in memory."""
    totals: dict[tuple[str, str | None], Totals] = defaultdict(Totals)
    for found in store:
        totals[found.measurement, found.tags["category"]].add(found)
    features = [part.as_dict(*key) for key, part in totals.items()]
    return sorted(features, key=lambda feature: (-feature["total_calls"], feature["feature_name"]))


if __name__ == "__main__":
    report(lambda: TinyFlux(sys.argv[1]), statistics)
