"""Blocks: stretches of whole lines in a segment, each with its earliest and latest start.

They are what a reader skips by: rows stand in the order in which calls ended, so the starts are nearly sorted but not
quite, and a block's own bounds are the only thing that can be trusted. In a compressed segment a block is one gzip
member, so any of them can be read alone. Knows no rollup.
"""

from __future__ import annotations

import os
import zlib
from array import array
from contextlib import contextmanager
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from curio_tracking.opening import open_file
from curio_tracking.storage.directories import storage_error
from curio_tracking.storage.tinyflux.moments import time_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

LIVE_BYTES: Final = 64 * 1024
"""About how large a block is while a segment is written: some 200 rows."""
COMPRESSED_BYTES: Final = 256 * 1024
"""About how large a block is before it is compressed: smaller ones compress worse."""
GZIP: Final = 31
"""zlib's name for data with gzip's header and trailer."""
_COLUMNS: Final = 6
_TAIL: Final = 32
"""So many blocks at the end are looked at before all others."""


class Block(NamedTuple):
    """Whole lines of a segment.

    Attributes:
        offset, size: where they are in the uncompressed rows, in bytes.
        file_offset, file_size: where they are in the file.
        first_us, last_us: the earliest and the latest start, microseconds since 1970 UTC.
    """

    offset: int
    size: int
    file_offset: int
    file_size: int
    first_us: int
    last_us: int

    @property
    def end(self) -> int:
        """Where the next block begins."""
        return self.offset + self.size

    def overlaps(self, since_us: int | None, until_us: int | None) -> bool:
        """Whether a start in this block can lie in the range."""
        return (since_us is None or self.last_us >= since_us) and (until_us is None or self.first_us < until_us)


class BlockIndex:
    """The blocks of a segment, without gaps, growing at its end.

    What was decoded stays in columns until all of it is asked for: a list of the newest records needs a block or two of
    a thousand.
    """

    __slots__ = ("_added", "_columns")

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        """Args: the blocks from the beginning."""
        self._columns: list[array[int]] = []
        self._added = list(blocks)

    @property
    def blocks(self) -> list[Block]:
        """All of them; not to be changed."""
        if self._columns:
            columns, self._columns = self._columns, []
            self._added[:0] = map(Block, *columns)
        return self._added

    @property
    def last(self) -> Block | None:
        """The block at the end; None if there is none."""
        if not self._added and self._columns:
            self._added.append(Block(*[column.pop() for column in self._columns]))
            self._columns = self._columns if self._columns[0] else []
        return self._added[-1] if self._added else None

    @property
    def end(self) -> int:
        """How many bytes of the rows are indexed."""
        return last.end if (last := self.last) is not None else 0

    @property
    def file_end(self) -> int:
        """Where the last block ends in the file, in bytes."""
        return last.file_offset + last.file_size if (last := self.last) is not None else 0

    def copy(self) -> BlockIndex:
        """Return another one with the same blocks."""
        other = BlockIndex(self._added)
        other._columns = [column[:] for column in self._columns]
        return other

    def newest(self) -> Iterator[Block]:
        """Yield the blocks by their latest start, the latest first."""
        by_last_us = attrgetter("last_us")
        added = sorted(self._added, key=by_last_us, reverse=True)
        return merge(added, _newest(self._columns), key=by_last_us, reverse=True)

    def extend(self, size: int, first_us: int, last_us: int) -> None:
        """Add lines of so many bytes at the end of a segment that is not compressed."""
        last = self.last
        if last is not None and last.size < LIVE_BYTES:
            self._added[-1] = _block(
                last.offset, last.size + size, min(first_us, last.first_us), max(last_us, last.last_us)
            )
        else:
            self._added.append(_block(self.end, size, first_us, last_us))

    def append(self, block: Block) -> None:
        """Add a block at the end."""
        self._added.append(block)

    def encode(self) -> bytes:
        """Return the index as bytes; not compressed, because unpacking it takes longer than reading it."""
        return b"".join(array("q", column).tobytes() for column in zip(*self.blocks, strict=True))

    @classmethod
    def decode(cls, data: bytes) -> BlockIndex:
        """Return the index of which `encode` made the bytes.

        Raises:
            ValueError: the bytes are none.
        """
        values = array("q", data)
        count, rest = divmod(len(values), _COLUMNS)
        if rest:
            raise ValueError("this is no index of blocks")
        index = cls()
        if count:
            index._columns = [values[begin : begin + count] for begin in range(0, len(values), count)]
        return index


def _newest(columns: Sequence[Sequence[int]]) -> Iterator[Block]:
    """Yield rows of columns as blocks, the latest start first.

    Rows are nearly in the order of time, so the newest are among the last ones, and most readers want no others.
    """
    lasts = columns[-1] if columns else ()
    begin = max(0, len(lasts) - _TAIL)
    latest_before = max(lasts[:begin], default=None)
    done = 0
    for row in sorted(range(begin, len(lasts)), key=lasts.__getitem__, reverse=True):
        if latest_before is not None and lasts[row] <= latest_before:
            break
        done += 1
        yield Block(*[column[row] for column in columns])
    if done < len(lasts):
        for row in sorted(range(len(lasts)), key=lasts.__getitem__, reverse=True)[done:]:
            yield Block(*[column[row] for column in columns])


def _block(offset: int, size: int, first_us: int, last_us: int) -> Block:
    return Block(offset, size, offset, size, first_us, last_us)


def bounds_of(lines: Sequence[bytes]) -> tuple[int, int]:
    """Return the earliest and the latest start of lines, microseconds since 1970 UTC; (0, -1) if none has a time."""
    try:
        # lines begin with their time, so the least line has the earliest one
        return time_us(min(lines)), time_us(max(lines))
    except ValueError:
        times = [time for line in lines if (time := _time_or_none(line)) is not None]
        return (min(times), max(times)) if times else (0, -1)


def _time_or_none(line: bytes) -> int | None:
    try:
        return time_us(line)
    except ValueError:
        return None


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a segment for reading.

    Raises:
        FileNotFoundError: it is gone. StorageError: it cannot be read.
    """
    try:
        file = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise storage_error(error, "read", path) from error
    try:
        yield file
    except FileNotFoundError:
        raise
    except OSError as error:
        raise storage_error(error, "read", path) from error
    finally:
        os.close(file)


def lines_of(file: int, block: Block, *, is_compressed: bool) -> list[bytes]:
    """Return the lines of a block, without line breaks."""
    data = os.pread(file, block.file_size, block.file_offset)
    if is_compressed:
        data = zlib.decompress(data, GZIP)
    return _split(data)


def scan(file: int, offset: int, *, is_compressed: bool) -> Iterator[tuple[Block, list[bytes]]]:
    """Yield blocks and their lines from `offset` (the end of a block) to the last complete line.

    For what no index covers; never more than a block is in memory.
    """
    if is_compressed:
        yield from ((block, lines) for block, lines in _scan_compressed(file) if block.offset >= offset)
    else:
        yield from _scan_plain(file, offset)


def _scan_plain(file: int, offset: int) -> Iterator[tuple[Block, list[bytes]]]:
    size = COMPRESSED_BYTES
    while True:
        data = os.pread(file, size, offset)
        end = data.rfind(b"\n") + 1
        if end:
            lines = _split(data[:end])
            yield _block(offset, end, *bounds_of(lines)), lines
            offset, size = offset + end, COMPRESSED_BYTES
        elif len(data) < size:
            return
        else:
            size *= 2  # a line that is longer than a block


def _scan_compressed(file: int) -> Iterator[tuple[Block, list[bytes]]]:
    """Read member after member; one that is damaged or cut short ends the file."""
    offset = file_offset = 0
    while True:
        raw, file_size = _member(file, file_offset)
        if not file_size:
            return
        lines = _split(raw)
        yield Block(offset, len(raw), file_offset, file_size, *bounds_of(lines)), lines
        offset, file_offset = offset + len(raw), file_offset + file_size


def _member(file: int, file_offset: int) -> tuple[bytes, int]:
    """Return the contents of the gzip member at an offset and its size in the file; size 0 if there is none."""
    unpacking = zlib.decompressobj(GZIP)
    parts = []
    position = file_offset
    while not unpacking.eof:
        data = os.pread(file, LIVE_BYTES, position)
        if not data:
            return b"", 0
        position += len(data)
        try:
            parts.append(unpacking.decompress(data))
        except zlib.error:
            return b"", 0
    return b"".join(parts), position - len(unpacking.unused_data) - file_offset


def _split(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    del lines[-1]
    return lines
