"""Migration: copies what the target does not hold, reads it back page by page, and compares.

Nothing is kept between two runs: what the target holds says how far an earlier one came. The target is read through an
instance of its own, which sees what any other process would see. The source is only read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking.migrating.arrival import Arrival
from curio_tracking.migrating.checksum import digest
from curio_tracking.migrating.outcome import Agreement, Outcome
from curio_tracking.migrating.pages import PAGE, pages
from curio_tracking.migrating.statistics import GROUPS, Expected
from curio_tracking.migrating.survey import DAY_US, Survey, calls_without_records, totals, unreadable
from curio_tracking.queries import RecordQuery, SummaryQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curio_tracking.migrating.pages import Page
    from curio_tracking.migrating.sides import Side
    from curio_tracking.records import FeatureRecord

BATCH: Final = 1_000
MOST_DAYS: Final = 50
"""Days in a batch: backends of files open one for each."""


class Migration:
    """One run.

    Attributes:
        outcome: what is done so far.
        position: how many of the calls that the survey counted are done.
    """

    def __init__(self, source: Side, survey: Survey, writer: Side, reader: Side) -> None:
        """Args: what is read; what was found there; two instances on the target, one to write, one to read back."""
        self._source = source
        self._survey = survey
        self._writer = writer
        self._reader = reader
        self._expected = Expected()
        self._counted: dict[int, tuple[int, int] | None] = {}  # by day; found out before anything of it is written
        with reader.working("reading"):
            self._before = totals(reader.backend, RecordQuery())
        self.outcome = Outcome(source.name, writer.name)
        self.position = 0.0

    def steps(self) -> Iterator[None]:
        """Copy and read back; yields after every piece, so that a surface can show how far it is.

        Raises:
            MigrationError: one of the backends failed. What is copied stays, and another run completes it.
        """
        self._declare()
        for page in pages(self._source, PAGE):
            yield from self._copy(page)
        with self._writer.working("closing"):
            self._writer.backend.close()
        self._finish()

    def rehearse(self) -> Iterator[None]:
        """Count what `steps` would copy, and write nothing."""
        for page in pages(self._source, PAGE):
            arrival = self._arrival(page)
            self._count(page, arrival)
            if arrival.different:
                self.outcome.mismatches.append(arrival.mismatch(page.since_us, page.until_us))
            yield
        self._finish()

    # -- copying ----------------------------------------------------------------------------------------------------

    def _declare(self) -> None:
        if self._survey.declared:
            with self._writer.working("writing to"):
                self._writer.backend.declare(self._survey.declared)
        self.outcome.declared = len(self._survey.declared)

    def _copy(self, page: Page) -> Iterator[None]:
        arrival = self._arrival(page)
        self._expected.add(record for record in page.records if record.record_id in arrival.sent)
        missing = [record for record in page.records if record.record_id in arrival.missing]
        for batch in batches(missing):
            with self._writer.working("writing to"):
                self._writer.backend.append(batch)
            self.outcome.copied += len(batch)
            self.position += sum(record.sample_weight for record in batch)
            yield
        if missing:
            arrival = Arrival(arrival.sent, self._found(page, arrival.sent))
        self._count(page, arrival)
        if not arrival.is_equal:
            self.outcome.mismatches.append(arrival.mismatch(page.since_us, page.until_us))
        yield

    def _arrival(self, page: Page) -> Arrival:
        """Return what the target holds of a page, apart from what it counts already without holding it."""
        sent = {record.record_id: digest(record) for record in page.records}
        found = self._found(page, sent) if self._knew(page.since_us, page.until_us) else []
        arrival = Arrival(sent, found)
        counted = {one.record_id for one in page.records if one.record_id in arrival.missing and self._is_counted(one)}
        if counted:
            arrival = Arrival({record_id: sent[record_id] for record_id in sent.keys() - counted}, found)
        self.outcome.left_out += len(counted)
        self.outcome.already_there += len(arrival.sent) - len(arrival.missing)
        return arrival

    def _knew(self, since_us: int, until_us: int) -> bool:
        """Whether the target may have known calls of that time at the beginning; if not, it need not be asked."""
        first_us, last_us = self._before.first_us, self._before.last_us
        return first_us is not None and last_us is not None and since_us <= last_us and first_us < until_us

    def _is_counted(self, record: FeatureRecord) -> bool:
        """Whether the target counts the calls of that time without their records: with it, they would count twice."""
        if not self._knew(record.start_us, record.start_us + 1):
            return False
        day = record.start_us // DAY_US
        if day not in self._counted:
            with self._reader.working("reading"):
                self._counted[day] = calls_without_records(self._reader.backend, day)
        time = self._counted[day]
        return time is not None and time[0] <= record.start_us <= time[1]

    def _found(self, page: Page, sent: dict[str, int]) -> list[tuple[str, int]]:
        where = RecordQuery(since_us=page.since_us, until_us=page.until_us, record_ids=frozenset(sent))
        with self._reader.working("reading"):
            return [(one.record_id, digest(one)) for one in self._reader.backend.records(where)]

    # -- comparing --------------------------------------------------------------------------------------------------

    def _count(self, page: Page, arrival: Arrival) -> None:
        outcome = self.outcome
        outcome.sent = outcome.sent.plus(arrival.expected)
        outcome.arrived = outcome.arrived.plus(arrival.tally)
        outcome.missing += len(arrival.missing)
        outcome.different += len(arrival.different)
        outcome.verified += len(arrival.sent) if arrival.is_equal else 0
        outcome.repeated += page.repeated
        self.position = outcome.weight = outcome.weight + sum(record.sample_weight for record in page.records)
        outcome.first_us = page.since_us
        outcome.last_us = outcome.last_us or page.until_us - 1

    def _finish(self) -> None:
        # what came meanwhile makes up for none of the calls whose records are gone
        lost = max(self._survey.gone.weight, self._survey.total.weight - self.outcome.weight)
        self.outcome.lost_calls = max(0, round(lost))
        self.outcome.lost_rows = unreadable(self._source.backend)

    def compare_statistics(self) -> None:
        """Compare the statistics of the target with the records, unless others of that time are in it, too.

        Raises:
            MigrationError: the target cannot be read.
        """
        outcome = self.outcome
        if outcome.first_us is None or outcome.last_us is None or outcome.mismatches:
            return
        where = RecordQuery(since_us=outcome.first_us, until_us=outcome.last_us + 1)
        with self._reader.working("reading"):
            found = list(self._reader.backend.summaries(SummaryQuery(where, GROUPS)))
        has_others = sum(one.weight for one in found) > self._expected.weight + 0.5
        if has_others and self._before.weight:
            return
        outcome.differences = list(self._expected.differences(found))
        outcome.statistics = Agreement.DIFFERENT if outcome.differences else Agreement.EQUAL


def batches(records: Iterable[FeatureRecord]) -> Iterator[list[FeatureRecord]]:
    """Yield records that come newest first in batches, each of few days and with its oldest record first."""
    batch: list[FeatureRecord] = []
    days: set[int] = set()
    for record in records:
        days.add(record.start_us // DAY_US)
        if len(batch) == BATCH or len(days) > MOST_DAYS:
            yield batch[::-1]
            batch, days = [], {record.start_us // DAY_US}
        batch.append(record)
    if batch:
        yield batch[::-1]
