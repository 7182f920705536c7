"""Staging: many records at once, all of them or none: segments are made aside, committed, then moved into their days.

`DATA_DIR/staging/<host>-<pid>-<nonce>/raw/<day>/<segment>.csv` is seen by no reader. Once a file `COMMIT` stands beside
that `raw`, the segments belong to the store: whoever comes next moves what a killed process did not. Without it they
never happened. The lock of `staging/lock` says whether somebody is at work. Uses `files`, `catalog` and `rows`.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Final

from curio_tracking.errors import StorageError
from curio_tracking.opening import open_file
from curio_tracking.storage.directories import list_names, make_private, storage_error, sync_directory
from curio_tracking.storage.files import append_whole, is_at, is_unowned, locked_file, open_to_append
from curio_tracking.storage.tinyflux.catalog import SUFFIX, all_days, raw_directory, segment_name, segments_of
from curio_tracking.storage.tinyflux.rows import format_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from curio_tracking.records import FeatureRecord

STAGING: Final = "staging"
COMMIT: Final = "COMMIT"
LOCK: Final = "lock"
MAX_BYTES: Final = 64 * 1024 * 1024
"""A segment this large is followed by another one."""
MAX_OPEN: Final = 4
"""Segments open at a time; batches that come in the order of time need one or two."""


def append_staged(data_dir: Path, batches: Iterable[Sequence[FeatureRecord]]) -> int:
    """Keep the records of all batches, or none of them, and return how many they were.

    Raises:
        StorageError: another process stages records, or the disk refuses; nothing was kept.
    """
    root = data_dir / STAGING
    make_private(root, below=data_dir, durable=True)
    with _lock(root):
        _finish_all(data_dir)
        stage = root / segment_name(socket.gethostname(), os.getpid(), os.urandom(4).hex(), 0).removesuffix(SUFFIX)
        try:
            count = _write(stage, batches, below=data_dir)
            _commit(stage)
        except BaseException as error:
            with contextlib.suppress(OSError):  # what is left over has no COMMIT: the next one removes it
                _remove(stage)
            if isinstance(error, OSError):
                raise storage_error(error, "write", stage) from error
            raise
        _publish_whatever_comes(data_dir, stage)
    return count


def finish_staged(data_dir: Path) -> None:
    """Move what was committed into its days and remove what was not, unless its owner is still at work.

    For every writer that starts, and everything else that changes the store; costs one look into a directory.

    Raises:
        StorageError: the disk refuses; it can be tried again.
    """
    root = data_dir / STAGING
    if not list_names(root, directories=True):
        return
    try:
        file = open_to_append(root / LOCK, new=False)
        try:
            if is_unowned(file) and is_at(file, root / LOCK):
                _finish_all(data_dir)
        finally:
            os.close(file)
    except OSError as error:
        raise storage_error(error, "finish what was staged in", root) from error


@contextlib.contextmanager
def _lock(root: Path) -> Iterator[None]:
    try:
        with locked_file(root / LOCK, create=True):
            yield
    except OSError as error:
        raise storage_error(error, "lock", root / LOCK) from error


def _finish_all(data_dir: Path) -> None:
    for name in list_names(data_dir / STAGING, directories=True):
        stage = data_dir / STAGING / name
        if (stage / COMMIT).exists():
            _publish(data_dir, stage)
        else:
            _remove(stage)


# -- making segments aside ------------------------------------------------------------------------------------------


def _write(stage: Path, batches: Iterable[Sequence[FeatureRecord]], *, below: Path) -> int:
    """Write and sync the segments of all batches and return how many records they hold."""
    segments = _Segments(stage, below=below)
    count = 0
    try:
        for batch in batches:
            days: dict[str, list[str]] = {}
            for record in batch:
                row = format_row(record)
                days.setdefault(row[:10], []).append(row)
            for day, rows in days.items():
                segments.append(day, "".join(rows).encode())
            count += len(batch)
    finally:
        segments.close()
    return count


class _Segments:
    """The segments of one stage, a few of them open."""

    def __init__(self, stage: Path, *, below: Path) -> None:
        self._stage = stage
        self._below = below
        self._nonce = os.urandom(4).hex()
        self._sequence = 0
        self._open: dict[str, int] = {}
        make_private(raw_directory(stage), below=below)

    def append(self, day: str, lines: bytes) -> None:
        """Add lines to the segment of their day."""
        file = self._open.pop(day, None)
        if file is None:
            if len(self._open) >= MAX_OPEN:
                self._close_one(next(iter(self._open)))
            file = self._new(day)
        self._open[day] = file  # at the end: the first one is the one unused for longest
        append_whole(file, lines)
        if os.fstat(file).st_size >= MAX_BYTES:
            self._close_one(day)

    def _new(self, day: str) -> int:
        directory = raw_directory(self._stage) / day
        make_private(directory, below=self._below)
        name = segment_name(socket.gethostname(), os.getpid(), self._nonce, self._sequence)
        self._sequence += 1
        return open_to_append(directory / name, new=True)

    def _close_one(self, day: str) -> None:
        file = self._open.pop(day)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def close(self) -> None:
        """Sync and close what is open."""
        while self._open:
            self._close_one(next(iter(self._open)))


# -- committing and publishing --------------------------------------------------------------------------------------


def _commit(stage: Path) -> None:
    """Make the segments safe, then say that they are in: the one moment that decides between nothing and everything."""
    raw = raw_directory(stage)
    for day in all_days(raw):
        sync_directory(raw / day)
    sync_directory(raw)
    draft = stage / f".{COMMIT}"
    os.close(open_file(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    sync_directory(stage)
    sync_directory(stage.parent)
    os.rename(draft, stage / COMMIT)  # noqa: PTH104 - the tests kill at this call
    sync_directory(stage)


def _publish_whatever_comes(data_dir: Path, stage: Path) -> None:
    try:
        _publish(data_dir, stage)
    except KeyboardInterrupt:
        # too late to take it back, and half of it must not stay: end it, then stop
        _publish(data_dir, stage)
        raise


def _publish(data_dir: Path, stage: Path) -> None:
    """Move every segment of a committed stage into its day; may begin again where a killed process stopped.

    Raises:
        StorageError: the disk refuses; what is left is moved by whoever comes next.
    """
    raw, aside = raw_directory(data_dir), raw_directory(stage)
    try:
        for day in all_days(aside):
            make_private(raw / day, below=data_dir, durable=True)
            for segment in segments_of(aside, day):
                os.rename(segment.path, raw / day / segment.path.name)  # noqa: PTH104 - as above
            sync_directory(raw / day)
        _remove(stage)
    except OSError as error:
        raise StorageError(
            f"the records are in, but could not all be moved to {raw}: {error.strerror or error}; the next program "
            f"that writes there, or the next import, moves the rest"
        ) from error


def _remove(stage: Path) -> None:
    """Remove a stage and what is in it. COMMIT goes first: what is left without it is removed, never published."""
    with contextlib.suppress(FileNotFoundError):
        (stage / COMMIT).unlink()
        sync_directory(stage)
    for directory, _directories, names in os.walk(stage, topdown=False):
        for name in names:
            os.unlink(os.path.join(directory, name))  # noqa: PTH108, PTH118 - as os.walk gives them
        os.rmdir(directory)  # noqa: PTH106
