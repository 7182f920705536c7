"""Rejections: the lines of a file that are no records, in a file of their own beside it.

The file comes with the first rejection, for its owner only, and never replaces another. Imports only `errors`.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

from curio_tracking.errors import CurioError
from curio_tracking.opening import open_file

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

SUFFIX: Final = ".rejected"
SHOWN: Final = 20
_NAMES: Final = 1_000


class RejectionFileError(CurioError):
    """The rejected lines cannot be listed in a file."""


class Rejections:
    """Collects rejections; a context manager that removes the file when the block ends with an exception.

    Attributes:
        count: how many there are.
        first: the first ones, as (line number, reason).
        path: the file that lists them all, once there is one.
    """

    def __init__(self, path: Path | None) -> None:
        """Args: the name the file should have; None for no file."""
        self._wanted = path
        self._stream: TextIO | None = None
        self.count = 0
        self.first: list[tuple[int, str]] = []
        self.path: Path | None = None

    def add(self, line: int, reason: str) -> None:
        """Note one line.

        Raises:
            RejectionFileError: the file cannot be written.
        """
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append((line, reason))
        if self._wanted is not None:
            try:
                self._stream = self._stream or self._create(self._wanted)
                self._stream.write(f"{line}: {reason}\n")
            except OSError as error:
                raise _error(self.path or self._wanted, error) from error

    def _create(self, wanted: Path) -> TextIO:
        """Open the first of NAME, NAME.1, NAME.2 ... that is not taken."""
        for number in range(_NAMES):
            path = wanted.with_name(f"{wanted.name}.{number}") if number else wanted
            try:
                descriptor = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            except FileExistsError:
                continue
            self.path = path
            # backslashreplace: a reason may name a field that no UTF-8 file can hold
            return open(descriptor, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123 - a descriptor
        raise FileExistsError(errno.EEXIST, "every name that was tried is taken", str(wanted))

    def __enter__(self) -> Rejections:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._stream is None:
            return
        try:
            self._stream.close()
        except OSError as problem:
            if kind is None:
                raise _error(self._wanted, problem) from problem
        finally:
            if kind is not None and self.path is not None:
                with suppress(OSError):
                    self.path.unlink()


def _error(path: Path | None, error: OSError) -> RejectionFileError:
    return RejectionFileError(
        f"cannot list rejected lines in {path}: {error.strerror or error}; nothing was imported; "
        f"name another file with --rejected"
    )
