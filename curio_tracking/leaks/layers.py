"""Layers: what stands in a file, and what stands in the compressed parts of it.

Opens gzip and zlib streams wherever they begin, so it knows neither segments nor rollups and overlooks nothing that
they will hold one day. Knows no store.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

BLOCK: Final = 1 << 20
"""Bytes read at a time."""
_STREAM: Final = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", re.DOTALL)
_ANY_HEADER: Final = 32 + zlib.MAX_WBITS
"""Lets zlib tell gzip from zlib by itself."""
_LONGEST_MAGIC: Final = 3
_STEP: Final = 4096
_MOST_PARTS: Final = 1 << 15
"""Of one stream: 128 MB before it was opened, twice as much as a segment may have."""


def blocks(stream: BinaryIO, overlap: int) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, bytes) of a file in blocks, each of which begins with the last `overlap` bytes of the one before.

    Args:
        stream: the open file, at its beginning.
        overlap: bytes.
    """
    offset = 0
    before = b""
    while block := stream.read(max(BLOCK, 2 * overlap)):
        data = before + block
        yield offset - len(before), data
        offset += len(block)
        before = data[-overlap:] if overlap else b""


def inflated(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, bytes) for every compressed stream in a file: where it begins, and what it holds.

    A stream that breaks off, or is damaged, gives what it holds up to there.
    """
    stream.seek(0)
    end = 0
    for offset, data in blocks(stream, _LONGEST_MAGIC):
        resume = stream.tell()
        for match in _STREAM.finditer(data):
            start = offset + match.start()
            if start >= end:  # not inside of a stream that was opened
                whole, end = _inflate(stream, start)
                if whole:
                    yield start, whole
        stream.seek(resume)


def _inflate(stream: BinaryIO, start: int) -> tuple[bytes, int]:
    """Return what the compressed stream that begins at `start` holds, and where it ends."""
    reader = zlib.decompressobj(_ANY_HEADER)
    parts: list[bytes] = []
    stream.seek(start)
    try:
        while not reader.eof and len(parts) < _MOST_PARTS and (part := stream.read(_STEP)):
            parts.append(reader.decompress(part))
    except zlib.error:
        return b"".join(parts), start + 1
    return b"".join(parts), stream.tell() - len(reader.unused_data)
