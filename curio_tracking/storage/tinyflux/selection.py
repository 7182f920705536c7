"""Which lines of a segment a query wants: a cheap look at the bytes first, the parsed record last.

The look may let too many lines through, never too few: whatever passes is parsed and asked again. Uses `rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.storage.days import moment_text
from curio_tracking.storage.tinyflux.rows import cell

if TYPE_CHECKING:
    from curio_tracking.queries import RecordQuery


class LineFilter:
    """Finds the lines that can match a query without parsing them."""

    def __init__(self, query: RecordQuery) -> None:
        # lines begin with their time, so comparing a line with the text of a time compares the times
        self._since = b"" if query.since_us is None else moment_text(query.since_us).encode()
        self._until = b"" if query.until_us is None else moment_text(query.until_us).encode()
        self._needles = _needles(query)

    def candidates(self, lines: list[bytes]) -> list[bytes]:
        """Return the lines that may match, in their order."""
        if self._since:
            lines = [line for line in lines if line >= self._since]
        if self._until:
            lines = [line for line in lines if line < self._until]
        for needle in self._needles:
            lines = [line for line in lines if needle in line]
        return lines


def _needles(query: RecordQuery) -> list[bytes]:
    wanted = {
        b",%s,t_i,": query.feature_name,
        b",t_c,%s,": query.category,
        b",t_s,%s,": query.status,
        b",t_u,%s,": _only(query.user_ids),
        b",t_i,%s,": _only(query.record_ids),
    }
    return [frame % (cell(text) or "").encode() for frame, text in wanted.items() if text is not None]


def _only(texts: frozenset[str] | None) -> str | None:
    return next(iter(texts)) if texts is not None and len(texts) == 1 else None
