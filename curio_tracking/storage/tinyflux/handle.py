"""A whole store under TinyFlux's own handle, read-only: its methods, its answers, no index in memory.

TinyFlux's code answers over a storage that streams records; what each question needs is narrowed first (`search`).
Works on top of any backend; imports `stock`, and no tracked application imports this.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tinyflux import MeasurementQuery, TinyFlux
from tinyflux.measurement import Measurement

from curio_tracking.queries import RecordQuery
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.search import bounds_of, resolved
from curio_tracking.storage.tinyflux.stock import ReadOnlyError, ReadOnlyStorage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from tinyflux import Point

    from curio_tracking.interfaces import StorageBackend
    from curio_tracking.storage.tinyflux.search import Query


def open_store(data_dir: Path | str) -> ReadOnlyTinyFlux:
    """Return a TinyFlux handle on all records of the `tinyflux` backend in a data directory; creates no file.

    Args:
        data_dir: the data directory, `load_settings().data_dir` for the one that the settings name.
    """
    return ReadOnlyTinyFlux(TinyFluxBackend(Path(data_dir)))


class StoreStorage(ReadOnlyStorage):
    """The records of a backend, newest first, read anew by each question."""

    def __init__(self, backend: StorageBackend, where: RecordQuery) -> None:
        """Args: the backend; which of its records."""
        self._backend = backend
        self._where = where

    def __iter__(self) -> Iterator[Any]:
        return iter(self._backend.records(self._where))

    def close(self) -> None:
        """Release the backend."""
        self._backend.close()


class ReadOnlyTinyFlux(TinyFlux):
    """TinyFlux over a store: every reading method of TinyFlux with the same arguments and answers.

    The order of insertion, where TinyFlux speaks of it, is here newest first: that of iteration, `get`, `select`,
    `get_timestamps`, `get_field_values` and of `sorted=False`. A list holds what was found and nothing else is kept in
    memory, so iterate or use `TinyFluxBackend.search` where that is too much. Each question sees the records of its
    moment. Inserting, updating, removing and indexing raise ReadOnlyError.
    """

    def __init__(self, backend: StorageBackend) -> None:
        """Args: any backend; `close` closes it."""
        self._backend = backend
        super().__init__(backend, RecordQuery(), storage=StoreStorage, auto_index=False)

    def contains(self, query: Query, measurement: str | None = None) -> bool:
        """Return whether a point matches; reads up to the first one."""
        query = resolved(query)
        found: bool = self._narrowed(measurement, query).contains(query, measurement)
        return found

    def count(self, query: Query, measurement: str | None = None) -> int:
        """Return how many points match."""
        query = resolved(query)
        found: int = self._narrowed(measurement, query).count(query, measurement)
        return found

    def get(self, query: Query, measurement: str | None = None) -> Point | None:
        """Return the newest point that matches, or None."""
        query = resolved(query)
        found: Point | None = self._narrowed(measurement, query).get(query, measurement)
        return found

    def search(self, query: Query, measurement: str | None = None, sorted: bool = True) -> list[Point]:  # noqa: A002
        """Return the points that match, by time; newest first with `sorted=False`."""
        query = resolved(query)
        found: list[Point] = self._narrowed(measurement, query).search(query, measurement, sorted)
        return found

    def select(self, select_keys: str | Iterable[str], query: Query, measurement: str | None = None) -> list[Any]:
        """Return the values under the keys (`time`, `measurement`, `tags.NAME`, `fields.NAME`) of what matches."""
        query = resolved(query)
        found: list[Any] = self._narrowed(measurement, query).select(select_keys, query, measurement)
        return found

    def get_field_keys(self, measurement: str | None = None) -> list[str]:
        """Return the names of all fields, sorted."""
        found: list[str] = self._narrowed(measurement).get_field_keys(measurement)
        return found

    def get_field_values(self, field_key: str, measurement: str | None = None) -> list[int | float | None]:
        """Return the values of one field."""
        found: list[int | float | None] = self._narrowed(measurement).get_field_values(field_key, measurement)
        return found

    def get_tag_keys(self, measurement: str | None = None) -> list[str]:
        """Return the names of all tags, sorted."""
        found: list[str] = self._narrowed(measurement).get_tag_keys(measurement)
        return found

    def get_tag_values(self, tag_keys: Iterable[str] = (), measurement: str | None = None) -> dict[str, list[str]]:
        """Return the different values of the tags of these names (of all, if none is named), sorted."""
        # not TinyFlux's: that copies the set of values at every point, which never ends for ids
        wanted = set(tag_keys)
        values: dict[str, set[str]] = {key: set() for key in sorted(wanted)}
        for point in self._narrowed(measurement):
            for key, value in point.tags.items():
                if value is not None and (not wanted or key in wanted):
                    values.setdefault(key, set()).add(value)
        return {key: sorted(found) for key, found in values.items()}

    def get_timestamps(self, measurement: str | None = None) -> list[datetime]:
        """Return the times of all points, in UTC."""
        found: list[datetime] = self._narrowed(measurement).get_timestamps(measurement)
        return found

    def measurement(self, name: str, **_options: Any) -> Measurement:
        """Return what answers the same questions about one feature."""
        return self._measurements.setdefault(name, _Feature(name, self))

    def reindex(self) -> NoReturn:
        """Raise ReadOnlyError: there is no index, every question reads the segments that it concerns."""
        raise ReadOnlyError("this handle is read-only and has no index to build; ask it directly")

    def _narrowed(self, measurement: str | None, query: Query | None = None) -> TinyFlux:
        """Return stock TinyFlux over the records that the question concerns. No name means any, as in TinyFlux."""
        if measurement:
            named = MeasurementQuery() == measurement
            query = named if query is None else named & query
        where = RecordQuery() if query is None else bounds_of(query)
        return TinyFlux(self._backend, where, storage=StoreStorage, auto_index=False)


class _Feature(Measurement):
    """TinyFlux's measurement; what it reads by itself is narrowed to the feature as well."""

    def __init__(self, name: str, store: ReadOnlyTinyFlux) -> None:
        super().__init__(name, store)
        self._store = store

    def __iter__(self) -> Iterator[Point]:
        return iter(Measurement(self.name, self._store._narrowed(self.name)))

    def __len__(self) -> int:
        return len(Measurement(self.name, self._store._narrowed(self.name)))
