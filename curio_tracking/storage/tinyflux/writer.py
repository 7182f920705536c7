"""The writing side: spreads lines over the live segments of their days, and begins and seals segments.

At most `MAX_LIVE` segments are open at a time: today's, and those of days in which long calls began. All lines of a
batch are kept or none. Used by `backend` on one thread; readers never come here.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from curio_tracking.errors import StorageError
from curio_tracking.storage.directories import make_private, storage_error
from curio_tracking.storage.tinyflux.catalog import raw_directory, segment_name
from curio_tracking.storage.tinyflux.handover import SealRequests
from curio_tracking.storage.tinyflux.segment import Segment
from curio_tracking.storage.tinyflux.upkeep.recovery import recover

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from curio_tracking.records import FeatureRecord

MAX_BYTES: Final = 64 * 1024 * 1024
"""A segment this large is sealed and another one begun."""
MAX_LIVE: Final = 4
IDLE_SECONDS: Final = 600.0
"""The segment of a day that is over is sealed when nothing was added for so long."""
_ATTEMPTS: Final = 100


class Rows(NamedTuple):
    """What a batch has for one day: the rows as they will stand in the file, and the records that they are of."""

    data: bytes
    records: Sequence[FeatureRecord]


class SegmentWriter:
    """Appends rows for one process."""

    def __init__(self, data_dir: Path, *, durable: bool) -> None:
        """Args: the data directory; whether an acknowledged batch must survive a loss of power."""
        self._data_dir = data_dir
        self._raw = raw_directory(data_dir)
        self._requests = SealRequests(self._raw)
        self._durable = durable
        self._live: dict[str, Segment] = {}
        self._process_id = -1
        self._nonce = ""
        self._sequence = 0

    def write(self, days: Mapping[str, Rows]) -> None:
        """Append the rows of each day; when this returns, they are acknowledged.

        Raises:
            StorageError: nothing of the batch was kept.
        """
        if self._process_id != os.getpid():
            self._begin_process()
        self._obey()
        written: list[tuple[Segment, Rows]] = []
        segment = None
        try:
            for day, rows in days.items():
                segment = self._segment(day)
                written.append((segment, rows))
                segment.append(rows.data)
        except BaseException as error:
            for segment, _rows in written:
                segment.cut_back()
            if isinstance(error, OSError):
                raise storage_error(error, "write", segment.path if segment else self._raw) from error
            raise
        for segment, rows in written:
            segment.acknowledge(len(rows.data), rows.records)
        self._seal_finished(max(days))

    @property
    def is_in_use(self) -> bool:
        """Whether this process has written anything: before that, nothing is made on the disk."""
        return self._process_id == os.getpid()

    def rest(self) -> None:
        """Use a quiet moment: bring checkpoints up to date and seal what is over, or what a deletion waits for."""
        if self.is_in_use and self._live:
            self._obey()
        if self.is_in_use and self._live:
            self._seal_finished(max(self._live))
            for segment in self._live.values():
                segment.checkpoint()

    def seal(self) -> None:
        """Close every live segment; the next write begins new ones. In a forked child the parent's stay as they are."""
        is_owner = self._process_id == os.getpid()
        for segment in self._live.values():
            if is_owner:
                segment.seal()
            else:
                segment.forget()
        self._live.clear()

    def _obey(self) -> None:
        """Seal what a deletion waits for."""
        if self._requests.is_new():
            self.seal()

    def _begin_process(self) -> None:
        """Start anew in this process: its own segments, and once a look at what others left torn."""
        for segment in self._live.values():
            segment.forget()
        self._live.clear()
        self._nonce = os.urandom(4).hex()
        self._sequence = 0
        make_private(self._raw, below=self._data_dir, durable=self._durable)
        recover(self._raw, time.time())
        self._process_id = os.getpid()

    def _segment(self, day: str) -> Segment:
        segment = self._live.pop(day, None)
        if segment is not None and not segment.is_usable:
            segment.forget()
            segment = None
        # put back at the end: the first one is the one unused for longest
        self._live[day] = segment = segment or self._new_segment(day)
        return segment

    def _new_segment(self, day: str) -> Segment:
        directory = self._raw / day
        make_private(directory, below=self._data_dir, durable=self._durable)
        for _attempt in range(_ATTEMPTS):
            name = segment_name(socket.gethostname(), os.getpid(), self._nonce, self._sequence)
            self._sequence += 1
            try:
                return Segment(directory / name, durable=self._durable)
            except (FileExistsError, BlockingIOError):
                continue
            except OSError as error:
                raise storage_error(error, "create", directory / name) from error
        raise StorageError(f"cannot create a segment in {directory}: every name that was tried is taken")

    def _seal_finished(self, newest: str) -> None:
        oldest_use = time.monotonic() - IDLE_SECONDS
        surplus = list(self._live)[: max(0, len(self._live) - MAX_LIVE)]
        for day, segment in list(self._live.items()):
            is_over = day < newest and segment.touched < oldest_use
            if is_over or segment.size >= MAX_BYTES or day in surplus:
                segment.seal()
                del self._live[day]
