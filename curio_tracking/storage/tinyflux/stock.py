"""Segments through stock TinyFlux: its handle and query language, read-only, under the records' own names.

For users of TinyFlux; the engine itself never comes here. The only module of the storage that imports tinyflux, so
that a tracked application does not pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tinyflux import Point, TinyFlux
from tinyflux.storages import CSVStorage

from curio_tracking.records import RECORD_FIELDS, FeatureRecord
from curio_tracking.storage.files import read_lines
from curio_tracking.storage.limits import metadata_text
from curio_tracking.storage.tinyflux.rows import parse_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

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


def open_segment(path: Path) -> TinyFlux:
    """Return a TinyFlux handle on the complete rows that a segment holds now; inserting or removing raises OSError.

    The measurement is the feature's name, the time its start, tags and fields are named like the record's attributes
    (`TagQuery().status == "failed"`), metadata is a tag that holds JSON. Points take about 1 KB of memory each.

    Raises:
        StorageError: this user may not read it.
    """
    return TinyFlux(path, storage=SegmentStorage)


def point_of(record: FeatureRecord) -> Point:
    """Return the record as a TinyFlux point."""
    tags = {name: None if (value := getattr(record, name)) is None else str(value) for name in TAGS}
    return Point(
        time=record.start_time,
        measurement=record.feature_name,
        tags=tags | {"metadata": metadata_text(record.metadata)},
        fields={name: getattr(record, name) for name in FIELDS},
    )


class SegmentStorage(CSVStorage):
    """A TinyFlux storage over one segment as it was when it was opened: no torn row, no damaged row, no write."""

    def __init__(self, path: Path) -> None:
        """Args: the segment. The base class is not set up: it would open the file for writing."""
        self._mode = "r"
        self._points = [point_of(record) for record in map(parse_row, read_lines(path)) if record is not None]
        self._initially_empty = not self._points

    def __iter__(self) -> Iterator[Point]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def close(self) -> None:
        """Nothing is open."""

    def _deserialize_storage_item(self, item: Any) -> Point:
        point: Point = item
        return point

    def _deserialize_measurement(self, item: Any) -> str:
        return str(item.measurement)

    def _deserialize_timestamp(self, item: Any) -> datetime:
        moment: datetime = item.time
        return moment
