"""Arrival: what came back of the records of a page, and whether it is what went there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.migrating.checksum import tally
from curio_tracking.migrating.outcome import Mismatch

if TYPE_CHECKING:
    from collections.abc import Sequence


class Arrival:
    """What a target holds of a page.

    Attributes:
        sent: digest by record id.
        expected, tally: number and checksum of what was sent and of what was found.
        missing: the ids that are not there.
        different: the ids under which there is something else.
    """

    def __init__(self, sent: dict[str, int], found: Sequence[tuple[str, int]]) -> None:
        """Args: digest by record id of what is wanted; the same, in pairs, of what is there under these ids."""
        self.sent = sent
        self.expected = tally(sent.values())
        self.tally = tally(digest for _record_id, digest in found)
        self.missing = sent.keys() - {record_id for record_id, _digest in found}
        self.different = {record_id for record_id, digest in found if sent.get(record_id) != digest}

    @property
    def is_equal(self) -> bool:
        """Whether numbers and checksums agree."""
        return self.expected == self.tally

    def mismatch(self, since_us: int, until_us: int) -> Mismatch:
        """Return what is wrong, to be reported: of the time `since_us <= start < until_us`."""
        example = min(self.different or self.missing, default=None)
        counts = (self.expected.records, self.tally.records, len(self.missing), len(self.different))
        return Mismatch(since_us, until_us, *counts, example)
