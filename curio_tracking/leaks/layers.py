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


def inflated(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, bytes) for every compressed stream in `data`: where it begins, and what it holds.

    A stream that breaks off gives what it holds up to there.
    """
    end = 0
    for match in _STREAM.finditer(data):
        if match.start() < end:  # inside of a stream that was opened
            continue
        whole, end = _inflate(memoryview(data), match.start())
        if whole:
            yield match.start(), whole


def _inflate(data: memoryview, start: int) -> tuple[bytes, int]:
    """Return what the stream that begins at `start` holds, and where it ends; if it is damaged, what can be had."""
    reader = zlib.decompressobj(_ANY_HEADER)
    parts: list[bytes] = []
    place = start
    try:
        while not reader.eof and place < len(data) and len(parts) < _MOST_PARTS:
            parts.append(reader.decompress(data[place : place + _STEP]))
            place = min(place + _STEP, len(data))
    except zlib.error:
        return b"".join(parts), start
    return b"".join(parts), place - len(reader.unused_data)
