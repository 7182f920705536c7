"""Pages: the records of a store piece by piece, newest first; the position is a time, so nothing is held open.

Every page is a question of its own with a limit: no backend has to hold more than that in memory, and the store may
be written to between two of them.
"""

from __future__ import annotations

from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from curio_tracking.migrating.sides import MigrationError
from curio_tracking.queries import RecordQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.migrating.sides import Side
    from curio_tracking.records import FeatureRecord

PAGE: Final = 20_000
"""Records: some 40 MB of memory."""
_key: Final = attrgetter("start_us", "record_id")


class Page(NamedTuple):
    """A piece of a store.

    Attributes:
        records: newest first, at least one, each id once.
        repeated: how many more had an id that comes before in this page.
    """

    records: list[FeatureRecord]
    repeated: int

    @property
    def since_us(self) -> int:
        """The earliest start, microseconds since 1970 UTC."""
        return self.records[-1].start_us

    @property
    def until_us(self) -> int:
        """Just after the latest start."""
        return self.records[0].start_us + 1


def pages(side: Side, size: int) -> Iterator[Page]:
    """Yield everything that a store holds, newest first.

    Args:
        side: the store.
        size: most records of a page.

    Raises:
        MigrationError: it cannot be read, or does not keep the order that backends promise.
    """
    last: FeatureRecord | None = None
    passed = 0  # records at the very moment of the last one, which come again with the next question
    limit = size
    while True:
        with side.working("reading"):
            until_us = None if last is None else last.start_us + 1
            found = list(side.backend.records(RecordQuery(until_us=until_us, limit=limit)))
        _check_order(side, found)
        new = found if last is None else [record for record in found if _key(record) < _key(last)]
        if new:
            is_same_moment = last is not None and new[-1].start_us == last.start_us
            last = new[-1]
            passed = sum(record.start_us == last.start_us for record in new) + (passed if is_same_moment else 0)
            limit = size + passed
            yield _page(new)
        elif len(found) < limit:
            return
        else:
            # what came meanwhile fills the question: ask for more, or the rest would be taken for the end
            limit *= 2


def _page(records: list[FeatureRecord]) -> Page:
    by_id: dict[str, FeatureRecord] = {}
    for record in records:
        by_id.setdefault(record.record_id, record)
    return Page(list(by_id.values()), len(records) - len(by_id))


def _check_order(side: Side, found: list[FeatureRecord]) -> None:
    # the next position follows from the last record: out of order, others would be passed over in silence
    for newer, older in pairwise(found):
        if _key(newer) < _key(older):
            raise MigrationError(
                f"the backend {side.name} does not list the newest records first (see {older.record_id}), so it "
                f"cannot be copied completely; report this to its author"
            )
