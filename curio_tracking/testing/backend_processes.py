"""The part of the backends' suite about company: several writers, readers beside them, forks.

A backend that serves one process only (`serves_processes = False`) is put to the same with threads instead.
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from curio_tracking.queries import SummaryQuery
from curio_tracking.records import FeatureInfo, FeatureRecord
from curio_tracking.testing.backend_examples import (
    EVERYTHING,
    MakeBackend,
    append_in_batches,
    examples,
    ids,
    newest_first,
)
from curio_tracking.testing.example_records import START_US, make_record
from curio_tracking.testing.forked import LONGEST_SECONDS, exit_code, fork, is_running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from curio_tracking.interfaces import StorageBackend

WRITERS = 4
BATCHES_PER_WRITER = 20
BATCH = 5


class ProcessContract:
    """What holds while others work on the same store.

    Attributes:
        serves_processes: whether several processes may write to the store at once; None: what the backend says.
    """

    serves_processes: ClassVar[bool | None] = None

    def _serves_processes(self, make_backend: MakeBackend) -> bool:
        if self.serves_processes is not None:
            return self.serves_processes
        return bool(getattr(make_backend(), "serves_processes", True))

    def _at_once(self, make_backend: MakeBackend, works: Sequence[Callable[[], None]]) -> None:
        if self._serves_processes(make_backend):
            assert [exit_code(child) for child in [fork(work) for work in works]] == [0] * len(works)
        else:
            with ThreadPoolExecutor(len(works)) as threads:
                for _done in threads.map(lambda work: work(), works):
                    pass

    def test_writers_at_once_lose_and_double_nothing(self, make_backend: MakeBackend) -> None:
        self._at_once(make_backend, [partial(_write, make_backend, number) for number in range(WRITERS)])
        found = Counter(ids(make_backend().records(EVERYTHING)))
        assert found == Counter(record.record_id for number in range(WRITERS) for record in written_by(number))

    def test_features_declared_at_once_are_all_listed_once(self, make_backend: MakeBackend) -> None:
        self._at_once(make_backend, [partial(_declare, make_backend, number) for number in range(WRITERS)])
        names = sorted(str(summary.feature_name) for summary in make_backend().summaries(SummaryQuery()))
        assert names == sorted(["shared", *chain.from_iterable(map(declared_by, range(WRITERS)))])

    def test_reader_beside_a_writer_sees_whole_records_in_order(self, make_backend: MakeBackend) -> None:
        written = {record.record_id: record for record in written_by(0)}
        reader, seen = make_backend(), 0
        for found in self._listings_beside(reader, make_backend, partial(_write, make_backend, 0)):
            assert found == newest_first(found)
            assert found == [written[record.record_id] for record in found]
            assert len(set(ids(found))) == len(found) >= seen, "records were seen twice, or are gone again"
            seen = len(found)
        assert seen == len(written)
        reader.close()

    def _listings_beside(
        self, reader: StorageBackend, make_backend: MakeBackend, work: Callable[[], None]
    ) -> list[list[FeatureRecord]]:
        """Return what a reader lists again and again while somebody works, and once afterwards."""
        listings = []
        if self._serves_processes(make_backend):
            child = fork(work)
            deadline = time.monotonic() + LONGEST_SECONDS
            while is_running(child) and time.monotonic() < deadline:
                listings.append(list(reader.records(EVERYTHING)))
            assert exit_code(child) == 0
        else:
            with ThreadPoolExecutor(1) as threads:
                done = threads.submit(work)
                while not done.done():
                    listings.append(list(reader.records(EVERYTHING)))
                done.result()
        return [*listings, list(reader.records(EVERYTHING))]

    def test_listing_begun_before_an_append_goes_on(self, make_backend: MakeBackend) -> None:
        writer, reader = make_backend(), make_backend()
        writer.append(examples())
        listing = reader.records(EVERYTHING)
        found = [next(listing)]
        for number in range(100, 100 + BATCH):
            writer.append([make_record(number), make_record(number + 100, start_us=found[0].start_us + number)])
        found.extend(listing)
        # those that came meanwhile may be among them, but only in their place
        assert found == newest_first(found)
        assert len(set(ids(found))) == len(found)
        assert set(ids(examples())) <= set(ids(found))
        writer.close()
        reader.close()

    def test_listing_that_is_given_up_holds_up_no_writer(self, make_backend: MakeBackend) -> None:
        writer, reader = make_backend(), make_backend()
        writer.append(examples())
        listing = reader.records(EVERYTHING)
        next(listing)
        writer.append([make_record(99)])
        writer.delete(EVERYTHING)
        assert list(make_backend().records(EVERYTHING)) == []
        del listing
        writer.close()
        reader.close()

    def test_forked_child_does_no_harm_to_its_parent(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append([make_record(1)])
        code = exit_code(fork(partial(_write_and_close, backend, make_record(2))))
        backend.append([make_record(3)])
        found = sorted(record.start_us - START_US for record in make_backend().records(EVERYTHING))
        if self._serves_processes(make_backend):
            assert (code, found) == (0, [1, 2, 3])
        else:
            assert [number for number in found if number != 2] == [1, 3]
        backend.close()


def _write_and_close(backend: StorageBackend, record: FeatureRecord) -> None:
    backend.append([record])
    backend.close()


def _write(make_backend: MakeBackend, number: int) -> None:
    backend = make_backend()
    append_in_batches(backend, written_by(number), BATCH)
    backend.close()


def _declare(make_backend: MakeBackend, number: int) -> None:
    backend = make_backend()
    for name in declared_by(number):
        backend.declare([FeatureInfo("shared", "other"), FeatureInfo(name, "other", "app:f")])
    backend.close()


def declared_by(number: int) -> list[str]:
    """Return the names that the writer of that number declares."""
    return [f"feature_{number}_{position}" for position in range(BATCH)]


def written_by(number: int) -> list[FeatureRecord]:
    """Return what the writer of that number appends: texts of several lines, so that a torn one would show."""
    return [
        make_record(number * 1000 + position, error_message=f"text, of {number}\n" * 5)
        for position in range(BATCHES_PER_WRITER * BATCH)
    ]
