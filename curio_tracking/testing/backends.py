"""What every storage backend promises, as tests to inherit; the three built-in ones pass the same suite.

    class TestMyBackend(BackendContract):
        @pytest.fixture
        def make_backend(self, tmp_path):
            return lambda: MyBackend(tmp_path / "store")

`make_backend()` returns a new instance on one and the same store, which is empty when a test begins. Needs pytest and
hypothesis; knows no backend.
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.queries import SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.testing.backend_examples import EVERYTHING, examples, newest_first, property_test
from curio_tracking.testing.backend_questions import QuestionContract
from curio_tracking.testing.filters import START_US, make_record
from curio_tracking.testing.strategies import batches, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from curio_tracking.interfaces import StorageBackend

_WRITERS = 4
_BATCHES_PER_WRITER = 20


class BrokenBatch(list[FeatureRecord]):
    """A batch that fails in the middle of being read, as a disk does in the middle of being written."""

    def __iter__(self) -> Iterator[FeatureRecord]:
        for position, record in enumerate(super().__iter__()):
            if position == len(self) // 2:
                raise OSError("the batch broke off")
            yield record


class BackendContract(QuestionContract):
    """Inherit, name the class `Test...`, add the fixture `make_backend`.

    Attributes:
        serves_processes: whether several processes may write to the store at once.
    """

    serves_processes: ClassVar[bool] = True

    def record_strategy(self) -> st.SearchStrategy[FeatureRecord]:
        """Return the records that the store must keep exactly; override it for stores that cannot hold all texts."""
        return records()

    # -- keeping ----------------------------------------------------------------------------------------------------

    @property_test
    @given(data=st.data())
    def test_records_come_back_equal_and_newest_first(
        self, make_backend: Callable[[], StorageBackend], data: st.DataObject
    ) -> None:
        batch = data.draw(batches(self.record_strategy()))
        backend = make_backend()
        try:
            backend.append(batch)
            assert list(backend.records(EVERYTHING)) == newest_first(batch)
        finally:
            backend.delete(EVERYTHING)
            backend.close()

    def test_empty_store_answers_with_nothing(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        assert list(backend.records(EVERYTHING)) == []
        assert list(backend.summaries(SummaryQuery())) == []
        assert backend.delete(EVERYTHING) == 0
        backend.close()

    def test_empty_batch_is_no_error(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        backend.append([])
        assert list(backend.records(EVERYTHING)) == []
        backend.close()

    def test_second_instance_sees_acknowledged_records_at_once(
        self, make_backend: Callable[[], StorageBackend]
    ) -> None:
        writer, reader = make_backend(), make_backend()
        writer.append(examples())
        assert list(reader.records(EVERYTHING)) == newest_first(examples())
        writer.append([make_record(99)])
        assert make_record(99) in list(reader.records(EVERYTHING))
        writer.close()
        reader.close()

    def test_records_survive_close(self, make_backend: Callable[[], StorageBackend]) -> None:
        first = make_backend()
        first.append(examples())
        first.close()
        second = make_backend()
        second.append([make_record(99)])
        assert list(second.records(EVERYTHING)) == newest_first([*examples(), make_record(99)])
        second.close()

    def test_closing_twice_is_no_error(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        backend.append(examples())
        backend.close()
        backend.close()
        unused = make_backend()
        unused.close()
        unused.close()

    def test_batch_that_failed_and_comes_again_is_kept_once(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        backend.append([make_record(99)])
        with pytest.raises(OSError, match="broke off"):
            backend.append(BrokenBatch(examples()))
        backend.append(examples())
        assert list(backend.records(EVERYTHING)) == newest_first([*examples(), make_record(99)])
        backend.close()

    def test_backend_is_usable_after_close(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        backend.append([make_record(1)])
        backend.close()
        assert [record.record_id for record in backend.records(EVERYTHING)] == [make_record(1).record_id]

    # -- several processes ------------------------------------------------------------------------------------------

    def test_writers_at_once_lose_and_double_nothing(self, make_backend: Callable[[], StorageBackend]) -> None:
        works = [partial(_write_batches, make_backend, number) for number in range(_WRITERS)]
        if self.serves_processes:
            assert [_exit_code(child) for child in [_fork(work) for work in works]] == [0] * _WRITERS
        else:
            with ThreadPoolExecutor(_WRITERS) as threads:
                assert list(threads.map(lambda work: work(), works)) == [None] * _WRITERS
        reader = make_backend()
        found = Counter(record.record_id for record in reader.records(EVERYTHING))
        assert found == Counter(record.record_id for number in range(_WRITERS) for record in _all_of(number))
        reader.close()

    def test_forked_child_and_parent_both_go_on_writing(self, make_backend: Callable[[], StorageBackend]) -> None:
        backend = make_backend()
        backend.append([make_record(1)])
        child = _fork(partial(_write_and_close, backend, make_record(2)))
        assert _exit_code(child) == 0
        backend.append([make_record(3)])
        expected = {1, 2, 3} if self.serves_processes else {1, 3}
        assert {record.start_us - START_US for record in make_backend().records(EVERYTHING)} == expected
        backend.close()


def _fork(work: Callable[[], object]) -> int:
    """Run `work` in a forked child and return its process id; the child ends with 0, or with 1 if `work` raised."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        os._exit(1)
    os._exit(0)


def _exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _write_and_close(backend: StorageBackend, record: FeatureRecord) -> None:
    backend.append([record])
    backend.close()


def _write_batches(make_backend: Callable[[], StorageBackend], number: int) -> None:
    backend = make_backend()
    written = _all_of(number)
    size = len(written) // _BATCHES_PER_WRITER
    for start in range(0, len(written), size):
        backend.append(written[start : start + size])
    backend.close()


def _all_of(number: int) -> list[FeatureRecord]:
    return [
        make_record(number * 1000 + position, error_message=f"text, of {number}\n" * 5)
        for position in range(_BATCHES_PER_WRITER * 5)
    ]
