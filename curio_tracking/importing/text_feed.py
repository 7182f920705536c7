"""TextFeed: lines for Python's csv reader, which takes as many of them for one row as its quotes ask for.

Remembers what the reader has taken, so that a row can be blamed for what was wrong with its lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.importing.sources import RowError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.importing.sources import Line


class TextFeed:
    """An iterator of text over lines.

    Attributes:
        number: of the line taken last.
        is_ended: whether the line taken last ends with a line break.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._problem = ""
        self.number = 0
        self.is_ended = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        self.is_ended = line.data.endswith(b"\n")
        try:
            return line.text()
        except RowError as error:
            self._problem = str(error)
            return "\n"

    def check(self) -> None:
        """Look back at the lines taken since the last call.

        Raises:
            RowError: one of them could not be read as text.
        """
        problem, self._problem = self._problem, ""
        if problem:
            raise RowError(problem)
