"""Records through stock TinyFlux: points, its query language, and its handle on one segment, read-only.

For users of TinyFlux; the engine itself never comes here. `stock`, `search` and `handle` are the only modules of the
storage that import tinyflux, so that a tracked application does not pay for it.
"""

from __future__ import annotations

import gzip
import os
import zlib
from abc import abstractmethod
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from tinyflux import Point, TinyFlux
from tinyflux.storages import Storage

from curio_tracking.errors import StorageError
from curio_tracking.opening import open_file
from curio_tracking.records import RECORD_FIELDS, FeatureRecord
from curio_tracking.storage.directories import storage_error
from curio_tracking.storage.files import read_lines
from curio_tracking.storage.limits import metadata_text
from curio_tracking.storage.tinyflux.rows import parse_row
from curio_tracking.storage.tinyflux.search import bounds_of, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from curio_tracking.queries import RecordQuery
    from curio_tracking.storage.tinyflux.search import Query

FIELDS: Final = (
    "duration",
    "input_size",
    "output_size",
    "efficiency_score",
    "iterations",
    "thread_id",
    "process_id",
    "cpu_seconds",
    "memory_bytes",
    "sample_weight",
)
TAGS: Final = tuple(name for name in RECORD_FIELDS if name not in {*FIELDS, "feature_name", "start_us", "metadata"})

_tags_of: Final = attrgetter(*TAGS)
_fields_of: Final = attrgetter(*FIELDS)


class ReadOnlyError(StorageError, OSError):
    """Something was to be written through a handle that only reads; an OSError too, as TinyFlux promises."""


def point_of(record: FeatureRecord) -> Point:
    """Return the record as a TinyFlux point.

    The measurement is the feature's name, the time its start; tags and fields are named like the record's attributes.
    An attribute that is None is left out: TinyFlux's `matches` and `search` raise on a tag without text. Metadata is a
    tag that holds JSON.
    """
    point = Point()
    # past the checks of Point(...), as TinyFlux itself does when it reads a row: they take longer than all the rest
    point._time = record.start_time
    point._measurement = record.feature_name
    point._tags = {name: str(value) for name, value in zip(TAGS, _tags_of(record), strict=True) if value is not None}
    point._tags["metadata"] = metadata_text(record.metadata)
    point._fields = {name: value for name, value in zip(FIELDS, _fields_of(record), strict=True) if value is not None}
    return point


def search_records(records: Callable[[RecordQuery], Iterable[FeatureRecord]], query: Query) -> Iterator[Point]:
    """Return the points that a TinyFlux query accepts, in the order of `records`, one record in memory at a time.

    Args:
        records: `StorageBackend.records`; it is asked for no more than the query needs.
        query: any complete TinyFlux query.

    Raises:
        QueryError: it is none.
    """
    query = resolved(query)
    return (point for point in map(point_of, records(bounds_of(query))) if query(point))


def open_segment(path: Path) -> TinyFlux:
    """Return a TinyFlux handle on the complete rows that a segment holds now; changing anything raises ReadOnlyError.

    Points are those of `point_of` and take about 1 KB of memory each. For a whole store see `handle.open_store`.

    Args:
        path: a segment, `.csv` or compressed `.csv.gz`.

    Raises:
        StorageError: this user may not read it, or it is damaged.
    """
    return TinyFlux(path, storage=SegmentStorage)


class ReadOnlyStorage(Storage):
    """A TinyFlux storage whose items are records; a subclass says which ones by `__iter__`."""

    _initially_empty = False

    @property
    def can_append(self) -> bool:
        """Raise ReadOnlyError: TinyFlux asks before it inserts."""
        self._refuse()

    @property
    def can_write(self) -> bool:
        """Raise ReadOnlyError: TinyFlux asks before it updates or removes."""
        self._refuse()

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def read(self) -> list[Point]:
        """Return all points."""
        return [point_of(record) for record in self]

    def _deserialize_measurement(self, item: FeatureRecord) -> str:
        return item.feature_name

    def _deserialize_timestamp(self, item: FeatureRecord) -> datetime:
        return item.start_time

    def _deserialize_storage_item(self, item: FeatureRecord) -> Point:
        return point_of(item)

    def _refuse(self, *_args: Any, **_options: Any) -> NoReturn:
        raise ReadOnlyError(
            "this handle is read-only; records are written by the tracked application and removed with the backend's "
            "delete (see docs/how-to/delete-records.md)"
        )

    append = reset = _serialize_point = _swap_temp_with_primary = _write = _refuse


class SegmentStorage(ReadOnlyStorage):
    """One segment as it was when it was opened, without torn and damaged rows.

    For stock TinyFlux, `TinyFlux(path, storage=SegmentStorage)`; a compressed segment (`.csv.gz`) too.
    """

    def __init__(self, path: Path | str) -> None:
        """Args: the segment."""
        self._records = [record for record in map(parse_row, _lines(Path(path))) if record is not None]
        self._initially_empty = not self._records

    def __iter__(self) -> Iterator[Any]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


def _lines(path: Path) -> list[bytes]:
    if path.suffix != ".gz":
        return read_lines(path)
    try:
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as stream, gzip.open(stream) as unpacked:
            return unpacked.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise StorageError(f"cannot read {path}: {error}; it is no complete gzip file") from error
    except OSError as error:
        raise storage_error(error, "read", path) from error
