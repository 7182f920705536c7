"""Delivery: stores the records of a draft that the store does not hold yet, all of them or none.

A backend that takes all or none (`BulkBackend`) is left to it. To any other the batches are appended one by one, and
taken back by their ids if it does not come to the end; only a kill leaves some of them, and a second run the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking.errors import CurioError
from curio_tracking.importing.draft import BATCH
from curio_tracking.interfaces import BulkBackend
from curio_tracking.queries import RecordQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from curio_tracking.importing.draft import Draft, Drafted
    from curio_tracking.interfaces import StorageBackend
    from curio_tracking.records import FeatureRecord

    Batches = Iterator[Sequence[FeatureRecord]]

PAGE: Final = 20_000
"""Records that the store is asked about at a time: each question reads the days that they lie in."""


class Delivery:
    """Brings a draft into a store.

    Attributes:
        seen: how many records of the draft were looked at so far.
        known: how many of them are in the store already.
        new: how many are not.
    """

    def __init__(self, draft: Draft, backend: StorageBackend) -> None:
        self._draft = draft
        self._backend = backend
        self.seen = self.known = self.new = 0

    def run(self, watch: Callable[[Batches], Batches]) -> None:
        """Store what is new, all or nothing.

        Args:
            watch: what the batches pass through on their way, for a progress bar.

        Raises:
            CurioError: nothing was stored, or the message says what was.
        """
        if isinstance(self._backend, BulkBackend):
            self._backend.append_all(watch(self._batches()))
            return
        try:
            for batch in watch(self._batches()):
                self._backend.append(batch)
        except BaseException:
            self._take_back()
            raise

    def compare(self, watch: Callable[[Batches], Batches]) -> None:
        """Count what is new and what is known, and store nothing."""
        for _batch in watch(self._batches()):
            pass

    def _batches(self) -> Batches:
        for page in self._draft.pages(PAGE):
            known = self._known(page)
            self._draft.drop(known)
            new = [one for one in page if one.record_id not in known]
            self.known += len(known)
            self.new += len(new)
            self.seen += len(page) - len(new)
            for start in range(0, len(new), BATCH):
                batch = new[start : start + BATCH]
                yield [one.record() for one in batch]
                self.seen += len(batch)

    def _known(self, page: list[Drafted]) -> set[str]:
        return {record.record_id for record in self._backend.records(_query(page))}

    def _take_back(self) -> None:
        """Delete what was appended; what was known before is no longer in the draft."""
        left = self.new
        try:
            for page in self._draft.pages(PAGE):
                # beyond these nobody has asked the store yet: they may have been there before
                if not (ours := page[:left]):
                    break
                self._backend.delete(_query(ours))
                left -= len(ours)
        except Exception as error:
            raise CurioError(
                f"the import failed, and what it had stored could not be taken back: {error}; "
                f"import the file again: it completes what is there"
            ) from error


def _query(page: list[Drafted]) -> RecordQuery:
    return RecordQuery(
        record_ids=frozenset(one.record_id for one in page),
        since_us=page[0].start_us,
        until_us=page[-1].start_us + 1,
    )
