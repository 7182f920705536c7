"""What the machine of the pipeline works with: a store that can refuse, and the plugin that brings it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from curio_tracking import hookimpl
from curio_tracking.errors import StorageError
from curio_tracking.interfaces import BaseBackend
from curio_tracking.records import FeatureRecord

Key = tuple[str, str]
"""Feature and status."""
REFUSALS = {
    "storage": StorageError("no room"),
    "disk": OSError(5, "Input/output error"),
    "after keeping": StorageError("the answer was lost"),
}


class RefusingStore(BaseBackend):
    """Keeps records in memory, unless it is told to refuse.

    Attributes:
        refusal: a name out of `REFUSALS`, or None. kept: by record id. acknowledged: the ids that were.
        doubled: ids that came again although they had been acknowledged.
    """

    def __init__(self) -> None:
        self.refusal: str | None = None
        self.kept: dict[str, FeatureRecord] = {}
        self.acknowledged: set[str] = set()
        self.doubled: list[str] = []

    def append(self, records: Sequence[FeatureRecord]) -> None:
        refusal = self.refusal
        if refusal in (None, "after keeping"):
            self.kept |= {record.record_id: record for record in records}
        if refusal is not None:
            raise REFUSALS[refusal]
        ids = [record.record_id for record in records]
        self.doubled += [one for one in ids if one in self.acknowledged or ids.count(one) > 1]
        self.acknowledged.update(ids)

    def records(self, query: Any) -> Iterator[FeatureRecord]:
        return iter([record for record in self.kept.values() if query.matches(record)])

    def delete(self, query: Any) -> int:
        return 0

    def close(self) -> None:
        pass

    def totals(self) -> Counter[Key]:
        """Return how many calls the kept records stand for."""
        totals: Counter[Key] = Counter()
        # a copy, made at once: the writer's thread may keep further ones meanwhile
        for record in list(self.kept.values()):
            totals[record.feature_name, record.status.value] += round(record.sample_weight)
        return totals


class StorePlugin:
    """Registers one store under the name `refusing`."""

    def __init__(self, store: RefusingStore) -> None:
        self.store = store

    @hookimpl
    def curio_register_backends(self, register: Any) -> None:
        register("refusing", lambda settings: self.store)
