"""The contracts between the pipeline and its parts: what a backend, a filter and an exporter must offer.

Built-in and third-party parts meet the same contracts and pass the same suites (`curio_tracking.testing`). Nothing here
knows a concrete part.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias, runtime_checkable

from curio_tracking.summaries import Summary, fold, with_declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from curio_tracking.efficiency import Targets
    from curio_tracking.maintenance import Finding, MaintenanceReport
    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking.records import FeatureInfo, FeatureRecord
    from curio_tracking.settings import Settings


@runtime_checkable
class StorageBackend(Protocol):
    """Keeps records and answers questions about them.

    One instance is used by one thread at a time: the writer's (append, declare), or a reader's (records, summaries,
    delete). Constructing it must be cheap and must not touch the disk: files come with the first append, so that a
    reader never creates any. Several processes may write to the same place at the same time.

    A backend that cannot serve several processes says so by an attribute `serves_processes = False`, at the class or
    the instance; without one it claims to. The suite `curio_tracking.testing.BackendContract` holds it to its claim.
    """

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """Keep the records. Returning means acknowledged; raising means the same batch may come again.

        A batch that comes again after an exception must not be kept twice (compare `record_id`).
        """

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """Yield the matching records, newest first by `(start_us, record_id)`, at most `query.limit` (0: all)."""

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        """Yield one summary per group, in any order; grouped by feature, declared ones without calls come too."""

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """Remember features that exist, called or not. Declaring one again changes nothing."""

    def delete(self, query: RecordQuery) -> int:
        """Remove the matching records for good (the limit is ignored) and return how many they were."""

    def close(self) -> None:
        """Release files and locks; everything acknowledged stays. Closing twice is no error."""


@runtime_checkable
class SelfMaintaining(Protocol):
    """What a backend may offer besides `StorageBackend`: it keeps its own files in order."""

    def rest(self, is_wanted: Callable[[], bool]) -> None:
        """Use a quiet moment of the writer: do one bounded piece of upkeep, if any is due.

        Args:
            is_wanted: tells whether the thread is wanted for something more urgent; then return soon.
        """

    def maintain(self, progress: Callable[[str, int, int], None]) -> MaintenanceReport:
        """Do all upkeep that is due.

        Args:
            progress: told what is being done, and how many bytes of how many are done.

        Raises:
            StorageError: it cannot be done now.
        """

    def inspect(self) -> list[Finding]:
        """Return the state of every part of the store. Changes nothing."""


@runtime_checkable
class Explaining(Protocol):
    """What a backend may offer besides `StorageBackend`: it says how it finds an answer.

    Attributes:
        on_progress: told how many bytes of how many were read, when an answer needs many; None: nobody wants to know.
    """

    on_progress: Callable[[int, int], None] | None

    def remarks(self, query: SummaryQuery) -> list[str]:
        """Return what a person who asks this should know: what makes it slow or inexact, one sentence each."""


@runtime_checkable
class BulkBackend(Protocol):
    """What a backend may offer besides `StorageBackend`: taking many records at once, all of them or none.

    `curio-tracking import` uses it; a backend without it gets the records in batches, which are taken back on failure.
    """

    def append_all(self, batches: Iterable[Sequence[FeatureRecord]]) -> int:
        """Keep the records of all batches and return how many they were.

        The batches are made while they are taken, and making them may ask `records` what is there already. Whatever
        ends this early (an exception out of `batches`, a full disk, a kill) leaves nothing visible, or everything.
        """


class BaseBackend:
    """A start for backends that only know how to list records: folds them where summaries are asked for.

    Attributes:
        serves_processes: whether several processes may write to the same place at the same time.
    """

    serves_processes: bool = True

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """See `StorageBackend.records`."""
        raise NotImplementedError

    def declared(self) -> Iterable[FeatureInfo]:
        """Return the features that were declared; override together with `declare`."""
        return ()

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """Forget them: a backend that cannot keep declarations shows only features with calls."""

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        """Fold the matching records; declared features join unless the query asks for certain users or statuses."""
        where = query.where
        found = fold(self.records(_without_limit(where)), query.group_by)
        yield from with_declared(found, declared_matching(self.declared(), where), query.group_by)

    def close(self) -> None:
        """Nothing to release."""


def declared_matching(features: Iterable[FeatureInfo], where: RecordQuery) -> list[FeatureInfo]:
    """Return the declared features that a summary of `where` should show even without calls.

    None of them when the question is about certain users, records or a status: a feature that nobody called says
    nothing there.
    """
    if where.user_ids is not None or where.record_ids is not None or where.status is not None:
        return []
    return [
        info
        for info in features
        if where.feature_name in (None, info.feature_name) and where.category in (None, info.category)
    ]


def _without_limit(where: RecordQuery) -> RecordQuery:
    return replace(where, limit=0) if where.limit else where


class RecordFilter(Protocol):
    """Changes or drops records on the writer thread, before anything is stored or exported.

    A filter that raises drops the record (it fails closed): the drop is counted and the first one is logged.
    """

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        """Return the record (changed in place or another one), or None to drop it."""


@runtime_checkable
class ImportAwareFilter(Protocol):
    """What a filter may offer besides `apply`: what is to stand in its place when records are imported.

    Imported records may have passed the filter before, and are of the past: a filter that judges live traffic (failures
    only, a sample) has no say about them. A filter without this treats them as it treats collected ones.
    """

    def for_imports(self, *, is_rehearsal: bool) -> RecordFilter | None:
        """Return the filter for imported records, or None: not needed there. In a rehearsal it may write nothing."""


class UserTranslator(Protocol):
    """What a filter may offer besides `apply`: where it stores users under other names, which ones.

    Readers call it so that a question about "u1" finds the records of u1's pseudonyms.
    """

    def stored_user_ids(self, user_id: str) -> frozenset[str]:
        """Return every id under which records of `user_id` may have been stored. Creates nothing."""


class Exporter(Protocol):
    """Sees every batch after the backend has acknowledged it; for sending it on, never for changing it."""

    def export(self, records: Sequence[FeatureRecord]) -> None:
        """Take the batch. An exception is counted and logged once; the batch does not come again."""

    def close(self) -> None:
        """Finish within a second; called once when the process ends."""


class FileWriter(Protocol):
    """A format of `curio-tracking export`."""

    def __call__(self, records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
        """Write the records to an open file, as they come, and return how many they were.

        There may be millions: keep no more of them than the format needs. The stream is the caller's to close.
        """


BackendFactory: TypeAlias = "Callable[[Settings], StorageBackend]"
FilterFactory: TypeAlias = "Callable[[Settings], RecordFilter | None]"
ExporterFactory: TypeAlias = "Callable[[Settings], Exporter | None]"
EfficiencyFormula: TypeAlias = "Callable[[FeatureRecord, Targets], float | None]"
