"""The `memory` backend: a bounded ring in the process, for tests and short runs; nothing touches a disk.

The store is shared by all instances of a process that name the same data directory, so a reader sees what the tracker
wrote. Statistics cover what the ring holds: beyond `capacity` the records that were written first are gone, from
listings and totals alike. A forked child starts with a copy and shares nothing with its parent from then on.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field

from curio_tracking.hookspecs import hookimpl
from curio_tracking.interfaces import BaseBackend
from curio_tracking.storage.days import by_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from curio_tracking.hookspecs import RegisterBackend
    from curio_tracking.queries import RecordQuery
    from curio_tracking.records import FeatureInfo, FeatureRecord
    from curio_tracking.settings import Settings

DEFAULT_CAPACITY: Final = 100_000


class Options(BaseModel):
    """Options of the memory backend: `FEATURE_TRACKING_MEMORY__<OPTION>`."""

    model_config = ConfigDict(extra="forbid")

    capacity: int = Field(
        DEFAULT_CAPACITY, ge=1, le=10_000_000, description="Most records kept; beyond that the oldest written go."
    )


class MemoryStore:
    """What the instances of one data directory share."""

    def __init__(self) -> None:
        # not a plain dict: taking its first entry again and again costs quadratic time
        self.records: OrderedDict[str, FeatureRecord] = OrderedDict()
        self.features: dict[tuple[str, str], FeatureInfo] = {}
        self.lock = threading.Lock()

    def add(self, records: Sequence[FeatureRecord], capacity: int) -> None:
        """Keep the records whose id is not in the ring, then let the first written go until `capacity` is met."""
        # outside the lock, and before anything is kept: a batch that cannot be read to its end leaves nothing behind
        new = {record.record_id: record for record in records}
        with self.lock:
            for record_id, record in new.items():
                self.records.setdefault(record_id, record)
            while len(self.records) > capacity:
                self.records.popitem(last=False)

    def matching(self, query: RecordQuery) -> list[FeatureRecord]:
        """Return the matching records in the order they were written."""
        with self.lock:
            kept = list(self.records.values())
        return [record for record in kept if query.matches(record)]

    def remove(self, query: RecordQuery) -> int:
        """Remove the matching records and return how many they were."""
        with self.lock:
            gone = [record.record_id for record in self.records.values() if query.matches(record)]
            for record_id in gone:
                del self.records[record_id]
        return len(gone)


_stores: dict[str, MemoryStore] = {}
_stores_lock = threading.Lock()


def _store(data_dir: str) -> MemoryStore:
    with _stores_lock:
        return _stores.setdefault(data_dir, MemoryStore())


def _renew_locks() -> None:
    """Free the locks in a forked child: the thread that may have held one does not exist there."""
    global _stores_lock
    _stores_lock = threading.Lock()
    for store in _stores.values():
        store.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


class MemoryBackend(BaseBackend):
    """Keeps the newest written records of this process. Records are handed out as they are: do not change them."""

    serves_processes = False

    def __init__(self, data_dir: str, capacity: int = DEFAULT_CAPACITY) -> None:
        """Args: the name under which instances of this process share a store; how many records it holds."""
        self._store = _store(data_dir)
        self._capacity = capacity

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """See `StorageBackend.append`."""
        self._store.add(records, self._capacity)

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """See `StorageBackend.records`."""
        found = self._store.matching(query)
        yield from heapq.nlargest(query.limit or len(found), found, key=by_start)

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """See `StorageBackend.declare`."""
        new = {(info.feature_name, info.category): info for info in features}
        with self._store.lock:
            self._store.features.update(new)

    def declared(self) -> Iterable[FeatureInfo]:
        """Return the declared features."""
        with self._store.lock:
            return list(self._store.features.values())

    def delete(self, query: RecordQuery) -> int:
        """See `StorageBackend.delete`."""
        return self._store.remove(query)


def _make(settings: Settings) -> MemoryBackend:
    return MemoryBackend(str(settings.data_dir), settings.options("memory", Options).capacity)


@hookimpl
def curio_register_backends(register: RegisterBackend) -> None:
    """Offer the `memory` backend."""
    register("memory", _make, options=Options)
