"""Listing: records, newest first, from as few blocks as can be.

The blocks of a day are taken in the order of their latest start; a line can be yielded as soon as no block that was not
read yet reaches up to it. So the newest twenty records cost the same in a store of a thousand and of a million.
"""

from __future__ import annotations

from bisect import bisect_right
from heapq import merge
from itertools import chain, groupby, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from curio_tracking.storage.days import by_start, moment_text
from curio_tracking.storage.tinyflux.rollups.container import MovedError
from curio_tracking.storage.tinyflux.selection import LineFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.queries import RecordQuery
    from curio_tracking.records import FeatureRecord
    from curio_tracking.storage.tinyflux.blocks import Block
    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.storage.tinyflux.reading.snapshot import Store
    from curio_tracking.storage.tinyflux.reading.view import SegmentView


class _Source(NamedTuple):
    block: Block
    view: SegmentView


def newest_first(store: Store, query: RecordQuery) -> Iterator[FeatureRecord]:
    """Yield the matching records, newest first; the limit is the caller's affair.

    Raises:
        StorageError: the store cannot be read.
    """
    # day by day, and without the rollups: older days need not even be listed when the caller has enough
    for day in store.days(query):
        yield from _of_day(store, day, query)


def _of_day(store: Store, day: str, query: RecordQuery) -> Iterator[FeatureRecord]:
    """Yield the records of a day; begin again after the last one when a segment is moved meanwhile."""
    last: FeatureRecord | None = None
    after: FeatureRecord | None = None
    while True:
        try:
            for record in _of_files(store, day, store.segments(day), query):
                if after is None or by_start(record) < by_start(after):
                    yield record
                    last = record
            return
        except (FileNotFoundError, MovedError):
            after = last


def _of_files(store: Store, day: str, files: list[SegmentFile], query: RecordQuery) -> Iterator[FeatureRecord]:
    wanted = LineFilter(query)
    views = [store.view(day, file) for file in files]
    waiting: list[bytes] = []
    for source, following in pairwise(chain(_sources(views, query), (None,))):
        assert source is not None
        waiting += wanted.candidates(source.view.lines_of(source.block))
        waiting.sort()
        if following is None:
            ready, waiting = waiting, []
        else:
            # "~" sorts after every line that begins with this very time: those wait, too, for the order by id
            cut = bisect_right(waiting, moment_text(following.block.last_us).encode() + b"~")
            ready, waiting = waiting[cut:], waiting[:cut]
        yield from _records(store, ready, query)


def _sources(views: list[SegmentView], query: RecordQuery) -> Iterator[_Source]:
    """Yield the blocks that can hold what is asked for, the latest start first; no more of them than are asked for."""
    return merge(*[_blocks_of(view, query) for view in views], key=_last_us, reverse=True)


def _blocks_of(view: SegmentView, query: RecordQuery) -> Iterator[_Source]:
    for block in view.index_of_all().newest():
        if block.overlaps(query.since_us, query.until_us):
            yield _Source(block, view)


def _last_us(source: _Source) -> int:
    return source.block.last_us


def _records(store: Store, lines: list[bytes], query: RecordQuery) -> Iterator[FeatureRecord]:
    """Yield the records of sorted lines, the last line first."""
    # by the start, not by its text: TinyFlux may write one without microseconds
    for _start_us, together in groupby(store.parsed(reversed(lines), query), key=attrgetter("start_us")):
        yield from sorted(together, key=by_start, reverse=True)
