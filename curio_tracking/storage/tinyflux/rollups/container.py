r"""Container: the file of a rollup: a header, then named sections, each with a checksum.

A reader takes only the sections it needs. It is written beside itself and renamed: a reader sees the old or the new.

    "curio-rollup\n" | length of the header | its CRC-32 | header (JSON) | sections

Knows neither segments nor totals.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING, Any, Final, cast

from curio_tracking.opening import open_file
from curio_tracking.storage.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION: Final = 2
"""Of what the sections hold; a file of another version is made again."""
_MAGIC: Final = b"curio-rollup\n"
_NUMBER_BYTES: Final = 4
_FIXED: Final = len(_MAGIC) + 2 * _NUMBER_BYTES
_FIRST_READ: Final = 1 << 16

Signature = tuple[int, int, int]


class DamagedError(ValueError):
    """The file is no rollup that can be used: damaged, cut short, or of another version."""


class MovedError(Exception):
    """The file was replaced or removed since its header was read; look again."""


class Rollup:
    """The header of a rollup file; sections are read when asked for.

    Attributes:
        path: where it is.
        meta: what the header says besides the sections.
        signature: tells whether the file is still the same.
    """

    def __init__(self, path: Path, *, is_held: bool = False) -> None:
        """Read the header.

        Args:
            is_held: whether the file is kept open until `release`, so that its sections can be read even when another
                one was put in its place.

        Raises:
            DamagedError: it cannot be used. FileNotFoundError: there is none. OSError: it cannot be read.
        """
        self.path = path
        self._held: int | None = None
        file = open_file(path, os.O_RDONLY)
        try:
            self.signature = _signature(file)
            self._head = os.pread(file, _FIRST_READ, 0)
            length = _header_length(self._head, self.signature[1])
            if len(self._head) < _FIXED + length:
                self._head = os.pread(file, _FIXED + length, 0)
            self.meta = _header(self._head[: _FIXED + length], length)
            if is_held and self.signature[1] > len(self._head):
                self._held = os.dup(file)
        finally:
            os.close(file)
        self._places = _places(self.meta.pop("sections", None), _FIXED + length, self.signature[1])

    def __contains__(self, name: str) -> bool:
        """Whether there is a section of this name."""
        return name in self._places

    def names(self) -> list[str]:
        """Return the names of the sections."""
        return list(self._places)

    def section(self, name: str) -> bytes:
        """Return the bytes of a section.

        Raises:
            KeyError: there is no such section. MovedError: the file is another one now. DamagedError: it is damaged.
        """
        begin, size, checksum = self._places[name]
        data = self._head[begin : begin + size]
        if len(data) < size:
            data = self._read(begin, size)
        if zlib.crc32(data) != checksum:
            raise DamagedError(f"{self.path} is damaged")
        return data

    def verify(self) -> None:
        """Read every section.

        Raises: as `section`.
        """
        for name in self._places:
            self.section(name)

    def release(self) -> None:
        """Close the file, if it is kept open."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def __del__(self) -> None:
        self.release()

    def _read(self, begin: int, size: int) -> bytes:
        if self._held is not None:
            return os.pread(self._held, size, begin)
        try:
            file = open_file(self.path, os.O_RDONLY)
        except FileNotFoundError as error:
            raise MovedError(self.path) from error
        try:
            if _signature(file) != self.signature:
                raise MovedError(self.path)
            return os.pread(file, size, begin)
        finally:
            os.close(file)


def signature_of(path: Path) -> Signature | None:
    """Return what tells whether a file is still the same; None if there is none."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def write_rollup(path: Path, meta: Mapping[str, Any], sections: Mapping[str, bytes], *, durable: bool) -> None:
    """Put a rollup file in place.

    Args:
        durable: whether it must survive a loss of power; what can be made again need not.

    Raises:
        OSError: the old file, if any, is untouched.
    """
    places = [[name, len(data), zlib.crc32(data)] for name, data in sections.items()]
    header = json.dumps({"version": VERSION, **meta, "sections": places}, separators=(",", ":")).encode()
    fixed = _MAGIC + _number(len(header)) + _number(zlib.crc32(header))
    replace_file(path, [fixed, header, *sections.values()], durable=durable)


def _signature(file: int) -> Signature:
    status = os.fstat(file)
    return status.st_ino, status.st_size, status.st_mtime_ns


def _number(value: int) -> bytes:
    return value.to_bytes(_NUMBER_BYTES, "little")


def _header_length(head: bytes, size: int) -> int:
    length = int.from_bytes(head[len(_MAGIC) : len(_MAGIC) + _NUMBER_BYTES], "little")
    if not head.startswith(_MAGIC) or _FIXED + length > size:
        raise DamagedError("this is no rollup")
    return length


def _header(head: bytes, length: int) -> dict[str, Any]:
    header = head[_FIXED:]
    if len(header) != length or _number(zlib.crc32(header)) != head[_FIXED - _NUMBER_BYTES : _FIXED]:
        raise DamagedError("the header is damaged")
    try:
        meta = dict(json.loads(header))
    except (ValueError, TypeError, RecursionError) as error:
        raise DamagedError("the header is none of ours") from error
    if meta.pop("version", None) != VERSION:
        raise DamagedError("the rollup is of another version")
    return meta


def _places(sections: object, begin: int, end: int) -> dict[str, tuple[int, int, int]]:
    """Return where each section begins, its size and its checksum, of what a header says of them."""
    places: dict[str, tuple[int, int, int]] = {}
    try:
        for name, size, checksum in cast("list[tuple[str, int, int]]", sections):
            places[name] = (begin, size, checksum)
            begin += max(0, size)
    except (ValueError, TypeError) as error:
        raise DamagedError("the header does not say what follows") from error
    if begin != end:
        raise DamagedError("the rollup is cut short")
    return places
