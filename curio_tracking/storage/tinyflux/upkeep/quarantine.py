"""Quarantine: lines that are no records, taken out of sealed segments so that these stay readable for everybody.

    DATA_DIR/quarantine/2026-11-22/<segment>.rows    the lines as they stood there

Nothing reads them but people, deletion and retention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking.storage.days import DAY
from curio_tracking.storage.directories import list_names, make_private, sync_directory
from curio_tracking.storage.files import ABANDONED_SECONDS, read_lines, remove_abandoned, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_SUFFIX: Final = ".rows"


class Quarantine:
    """The quarantine of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        """Args: the data directory."""
        self._data_dir = data_dir
        self.directory = data_dir / "quarantine"

    def add(self, day: str, stem: str, lines: Iterable[bytes]) -> None:
        """Keep lines of a segment; those that are there already are not doubled.

        Raises:
            StorageError, OSError: they could not be kept.
        """
        directory = self.directory / day
        make_private(directory, below=self._data_dir)
        path = directory / f"{stem}{_SUFFIX}"
        known = dict.fromkeys(read_lines(path))
        replace_file(path, [line + b"\n" for line in known | dict.fromkeys(lines)])

    def count(self) -> int:
        """Return how many lines there are."""
        return sum(len(read_lines(path)) for path in self.paths())

    def hashes(self) -> set[int]:
        """Return the hashes of the lines: a row that was met where it stood before is known by the same."""
        return {hash(line) for path in self.paths() for line in read_lines(path)}

    def paths(self) -> Iterator[Path]:
        """Yield the files, oldest day first."""
        for day in list_names(self.directory, directories=True):
            if DAY.fullmatch(day):
                for name in list_names(self.directory / day):
                    if name.endswith(_SUFFIX):
                        yield self.directory / day / name

    def remove(self, is_wanted: Callable[[bytes], bool]) -> int:
        """Remove the lines that are wanted, and return how many.

        Raises:
            StorageError, OSError: some could not be removed.
        """
        removed = 0
        for path in self.paths():
            lines = read_lines(path)
            kept = [line for line in lines if not is_wanted(line)]
            if len(kept) < len(lines):
                replace_file(path, [line + b"\n" for line in kept]) if kept else self._unlink(path)
                removed += len(lines) - len(kept)
        return removed

    def remove_abandoned(self, now: float, *, seconds: float = ABANDONED_SECONDS) -> None:
        """Remove what killed rewrites left; see `files.remove_abandoned`."""
        for day in list_names(self.directory, directories=True):
            remove_abandoned(self.directory / day, now, seconds=seconds)

    def retire(self, day: str) -> None:
        """Remove what is there of a day."""
        for path in list(self.paths()):
            if path.parent.name == day:
                self._unlink(path)

    def _unlink(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        sync_directory(path.parent)
