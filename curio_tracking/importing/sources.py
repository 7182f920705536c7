"""Sources: the lines of a file or of stdin, plain or gzipped, one at a time and of bounded length.

Lines are bytes; what they say is the business of the readers. Imports only `errors`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import stat
import sys
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from curio_tracking.errors import CurioError

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN: Final = "-"
NAME_OF_STDIN: Final = "stdin"
MAX_LINE_BYTES: Final = 8 * 1024 * 1024
"""No record is that long; what is, is passed over without being held in memory."""
_GZIP: Final = b"\x1f\x8b"


class InputFileError(CurioError):
    """The file to import cannot be used as it is."""

    exit_code = 2


class DamagedFileError(CurioError):
    """The file to import ends or breaks in the middle; what follows is unknown."""


class RowError(ValueError):
    """A line is no record; the message says why, without what the line holds: that may be a secret."""


class Line(NamedTuple):
    """One physical line: its number from 1, its bytes with the line break, and whether that is all of it."""

    number: int
    data: bytes
    is_whole: bool = True

    def text(self) -> str:
        """Return the line as text.

        Raises:
            RowError: it is too long, or not UTF-8.
        """
        if not self.is_whole:
            raise RowError(f"longer than {MAX_LINE_BYTES // 1024**2} MiB")
        try:
            return self.data.decode()
        except UnicodeDecodeError as error:
            raise RowError(f"not UTF-8 (byte {error.start + 1})") from None


class Source:
    """An open file to import.

    Attributes:
        name: how messages call it.
        size: bytes of the file as it lies on the disk; None for a pipe.
    """

    def __init__(self, name: str, file: IO[bytes], size: int | None) -> None:
        """Args: the name; what is read, plain or gzipped; the bytes there are, if known."""
        self.name = name
        self.size = size
        self._file = file
        packed = io.BufferedReader(file, 1 << 16)  # type: ignore[type-var]
        is_gzip = packed.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
        self._stream: IO[bytes] = gzip.GzipFile(fileobj=packed) if is_gzip else packed  # type: ignore[assignment]

    def position(self) -> int:
        """Return how many bytes of `size` were read."""
        return self._file.tell()

    def lines(self) -> Iterator[Line]:
        """Yield the lines; a byte order mark is left out.

        Raises:
            DamagedFileError: the compressed data ends early or is wrong, or the disk fails.
        """
        number = 0
        try:
            while data := self._stream.readline(MAX_LINE_BYTES):
                number += 1
                is_whole = len(data) < MAX_LINE_BYTES or data.endswith(b"\n")
                yield Line(number, data.removeprefix(codecs.BOM_UTF8) if number == 1 else data, is_whole)
                while not is_whole and (data := self._stream.readline(MAX_LINE_BYTES)):
                    is_whole = data.endswith(b"\n")
        except (EOFError, OSError, zlib.error) as error:
            reason = "it ends early" if isinstance(error, EOFError) else str(error)
            raise DamagedFileError(
                f"{self.name} is damaged after line {number}: {reason}; nothing was imported"
            ) from error


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """Open a file, a pipe, or stdin for `-`.

    Raises:
        InputFileError: there is no such file, it is a directory or a device, or this user may not read it.
    """
    if path == STDIN and sys.stdin is None:
        raise InputFileError("there is no stdin to import from; give the name of a file")
    try:
        # a copy of stdin's descriptor: it is closed at the end, stdin is not
        file = io.FileIO(os.dup(sys.stdin.fileno()) if path == STDIN else path)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}; give a file of records") from error
    with file:
        status = os.fstat(file.fileno())
        is_regular = stat.S_ISREG(status.st_mode)
        if not (is_regular or stat.S_ISFIFO(status.st_mode) or path == STDIN):
            raise InputFileError(f"cannot read {path}: it is no regular file; give a file of records")
        yield Source(NAME_OF_STDIN if path == STDIN else path, file, status.st_size if is_regular else None)
