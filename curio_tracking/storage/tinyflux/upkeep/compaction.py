"""Compaction: a sealed segment as a gzip file of as many members as it has blocks, so that each can be read alone.

The new file appears under its own name, complete and synced, before the old one is removed: whoever lists both takes
the new one (`catalog`). Killed anywhere in between, the next round removes the one that is not needed.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Final

from curio_tracking.opening import open_file
from curio_tracking.storage.directories import sync_directory
from curio_tracking.storage.files import TEMPORARY, release, try_lock
from curio_tracking.storage.tinyflux.blocks import COMPRESSED_BYTES, GZIP, Block, BlockIndex, bounds_of, scan
from curio_tracking.storage.tinyflux.catalog import SegmentFile, compressed_name
from curio_tracking.storage.tinyflux.rollups.checkpoint import fingerprint_of, write_blocks
from curio_tracking.storage.tinyflux.upkeep.recovery import owned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curio_tracking.storage.tinyflux.upkeep.pace import Pace

LEVEL: Final = 6
"""Level 9 takes four times as long and saves 2 %."""


def compress(segment: SegmentFile, pace: Pace) -> SegmentFile | None:
    """Put a compressed file in the place of a sealed one.

    Returns:
        The new one; None if somebody writes to the segment, or it is gone.

    Raises:
        OSError: the segment is as it was. InterruptedUpkeepError: see `pace`; as it was.
    """
    try:
        with owned(segment) as file:
            pieces = (lines for _block, lines in scan(file, 0, is_compressed=False))
            made = write_compressed(segment, pieces, pace)
            segment.path.unlink()
            return made
    except (BlockingIOError, FileNotFoundError):
        return None


def write_compressed(segment: SegmentFile, pieces: Iterable[list[bytes]], pace: Pace) -> SegmentFile:
    """Write the lines of a segment as a compressed file, with the index of its blocks beside it.

    Args:
        segment: whose place it takes; the old file is left there.
        pieces: the lines, some hundred at a time.

    Raises:
        OSError: nothing was changed. InterruptedUpkeepError: see `pace`; nothing was changed.
    """
    directory = segment.path.parent
    temporary = directory / f".{segment.stem}.{os.getpid()}-{os.urandom(4).hex()}{TEMPORARY}"
    file = open_file(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        try_lock(file)
        index = BlockIndex()
        for raw, lines in _blocks(pieces):
            _append(file, index, raw, lines)
            pace.spend(len(raw))
        os.fsync(file)
        path = directory / compressed_name(segment.stem, index.end)
        temporary.replace(path)
        sync_directory(directory)
        made = SegmentFile(path, segment.stem, index.end, True)
        write_blocks(made.rollup_path, index, fingerprint_of(file, index.file_end))
        return made
    finally:
        temporary.unlink(missing_ok=True)
        release(file)


def _blocks(pieces: Iterable[list[bytes]]) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield lines in blocks of about the size in which they are compressed."""
    waiting: list[bytes] = []
    size = 0
    for lines in pieces:
        for line in lines:
            waiting.append(line)
            size += len(line) + 1
            if size >= COMPRESSED_BYTES:
                yield _joined(waiting), waiting
                waiting, size = [], 0
    if waiting:
        yield _joined(waiting), waiting


def _joined(lines: list[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n"


def _append(file: int, index: BlockIndex, raw: bytes, lines: list[bytes]) -> None:
    packing = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    data = packing.compress(raw) + packing.flush()
    file_offset = index.file_end
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    index.append(Block(index.end, len(raw), file_offset, len(data), *bounds_of(lines)))
