"""TinyFlux databases: our own segments, and files of other applications that stock TinyFlux wrote.

Row by row: one whose first tag is `t_i` is a row of a segment and must be a right one; any other is foreign. A file of
TinyFlux ends each row with a line break, so a last line without one was torn, and a torn number reads as a shorter one.
"""

from __future__ import annotations

import csv
import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from curio_tracking.importing.foreign_points import foreign_record
from curio_tracking.importing.rows import Row
from curio_tracking.importing.sources import RowError
from curio_tracking.importing.text_feed import TextFeed
from curio_tracking.importing.validation import checked
from curio_tracking.storage.tinyflux.rows import parse_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.importing.sources import Line
    from curio_tracking.records import FeatureRecord

_OURS: Final = re.compile(rb'[^,"]*,(?:[^",]*|"(?:[^"]|"")*"),t_i,')


def read(lines: Iterator[Line]) -> Iterator[Row]:
    """Yield a row per point; a foreign one may extend over several lines."""
    feed = TextFeed(lines)
    is_segment = False
    for line in lines:
        if line.data.isspace():
            continue
        number = line.number
        try:
            # in a segment a damaged row must not be taken for a foreign one, whose quotes would swallow the next rows
            if _OURS.match(line.data) or (is_segment and b",t_i," in line.data):
                is_segment = True
                yield Row(number, _own_record(line))
            else:
                record = _foreign_record(line, feed)
                yield Row(max(number, feed.number), record)
        except RowError as error:
            yield Row(max(number, feed.number), None, str(error))


def _own_record(line: Line) -> FeatureRecord:
    line.text()
    if not line.data.endswith(b"\n"):
        raise RowError("incomplete: the line has no end")
    record = parse_row(line.data.rstrip(b"\r\n"))
    if record is None:
        raise RowError("no row of a segment")
    return checked(record)


def _foreign_record(line: Line, feed: TextFeed) -> FeatureRecord:
    taken = chain((line.text(),), feed)
    is_ended = line.data.endswith(b"\n")
    feed.is_ended = True
    try:
        cells = next(csv.reader(taken, strict=True), [])
    except csv.Error as error:
        raise RowError(f"no TinyFlux row ({error}; the row begins in line {line.number})") from None
    feed.check()
    if not feed.is_ended or (feed.number < line.number and not is_ended):
        raise RowError("incomplete: the line has no end")
    return checked(foreign_record(cells))
