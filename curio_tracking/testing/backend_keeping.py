"""The part of the backends' suite about keeping: what is appended comes back whole, once, and survives `close`."""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.testing.backend_examples import (
    EVERYTHING,
    MakeBackend,
    append_in_batches,
    examples,
    ids,
    newest_first,
    property_test,
)
from curio_tracking.testing.example_records import hostile_records, make_record, stored_odd_records
from curio_tracking.testing.hostile_texts import MARKUP_TEXTS, STORAGE_TEXTS, TERMINAL_TEXTS
from curio_tracking.testing.strategies import batches, records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.interfaces import StorageBackend

LARGE_BATCH = 2_000
SECOND_US = 1_000_000
OLD_AND_NEW_US = {
    "1900": -2_208_988_800_000_000,
    "the last moment before 1970": -1,
    "1970": 0,
    "2000, in the last microsecond of a day": 951_868_799_999_999,
    "2100": 4_102_444_800_000_000,
    "the last second of 9999": 253_402_300_799 * SECOND_US,
}


class BrokenBatch(list[FeatureRecord]):
    """A batch that fails while it is read, as a disk does while it is written."""

    def __init__(self, records: list[FeatureRecord], position: int) -> None:
        super().__init__(records)
        self.position = position

    def __iter__(self) -> Iterator[FeatureRecord]:
        for position, record in enumerate(super().__iter__()):
            if position == self.position:
                raise OSError("the batch broke off")
            yield record


class KeepingContract:
    """What a backend keeps.

    Attributes:
        hostile_texts: what every text of a record may be; shorten it for a store that cannot hold some of them.
    """

    hostile_texts: ClassVar[tuple[str, ...]] = (*STORAGE_TEXTS, *MARKUP_TEXTS, *TERMINAL_TEXTS)

    def record_strategy(self) -> st.SearchStrategy[FeatureRecord]:
        """Return the records that the store must keep exactly; override it for stores that cannot hold all texts."""
        return records()

    # -- whole ------------------------------------------------------------------------------------------------------

    @property_test
    @given(data=st.data())
    def test_records_come_back_equal_and_newest_first(self, make_backend: MakeBackend, data: st.DataObject) -> None:
        batch = data.draw(batches(self.record_strategy()))
        backend = make_backend()
        try:
            backend.append(batch)
            assert list(backend.records(EVERYTHING)) == newest_first(batch)
        finally:
            backend.delete(EVERYTHING)
            backend.close()

    def test_hostile_texts_come_back_equal_from_every_field(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        batch = hostile_records(self.hostile_texts)
        backend.append(batch)
        assert list(make_backend().records(EVERYTHING)) == newest_first(batch)
        backend.close()

    def test_odd_and_huge_records_cost_no_other_record(self, make_backend: MakeBackend) -> None:
        # a store may shorten what is too large for it, but has to keep the record
        backend = make_backend()
        batch = stored_odd_records()
        backend.append(batch)
        assert ids(make_backend().records(EVERYTHING)) == ids(newest_first(batch))
        backend.close()

    @pytest.mark.parametrize("start_us", OLD_AND_NEW_US.values(), ids=OLD_AND_NEW_US)
    def test_old_and_new_times_come_back_exactly(self, make_backend: MakeBackend, start_us: int) -> None:
        backend = make_backend()
        odd = make_record(1, start_us=start_us)
        backend.append([make_record(2), odd])
        assert list(backend.records(EVERYTHING)) == newest_first([make_record(2), odd])
        assert list(backend.records(RecordQuery(since_us=start_us, until_us=start_us + 1))) == [odd]
        backend.close()

    def test_large_batch_is_kept_whole(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        batch = [make_record(number) for number in range(LARGE_BATCH)]
        backend.append(batch)
        assert list(backend.records(EVERYTHING)) == newest_first(batch)
        backend.close()

    def test_empty_store_answers_with_nothing(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        assert list(backend.records(EVERYTHING)) == []
        assert list(backend.summaries(SummaryQuery())) == []
        assert backend.delete(EVERYTHING) == 0
        backend.close()

    def test_empty_batch_is_no_error(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append([])
        assert list(backend.records(EVERYTHING)) == []
        backend.close()

    def test_appended_records_stay_as_they_are(self, make_backend: MakeBackend) -> None:
        # exporters see the same objects afterwards
        backend = make_backend()
        batch = examples()
        backend.append(batch)
        assert batch == examples()
        backend.close()

    # -- once -------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("position", [0, 3, 6], ids=["at-its-first-record", "in-the-middle", "at-its-last-record"])
    def test_batch_that_failed_and_comes_again_is_kept_once(self, make_backend: MakeBackend, position: int) -> None:
        backend = make_backend()
        backend.append([make_record(99)])
        if _breaks_off(backend, BrokenBatch(examples(), position)):
            backend.append(examples())
        assert list(backend.records(EVERYTHING)) == newest_first([*examples(), make_record(99)])
        backend.close()

    def test_records_of_a_failed_batch_are_kept_once_in_batches_cut_otherwise(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        if _breaks_off(backend, BrokenBatch(examples()[:5], 3)):
            append_in_batches(backend, examples(), 2)
        else:
            backend.append(examples()[5:])
        assert list(backend.records(EVERYTHING)) == newest_first(examples())
        backend.close()

    def test_totals_count_a_batch_that_comes_again_once(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        if _breaks_off(backend, BrokenBatch(examples(), 5)):
            backend.append(examples())
        (summary,) = make_backend().summaries(SummaryQuery(group_by=()))
        assert summary.total_calls == len(examples())
        backend.close()

    # -- for long ---------------------------------------------------------------------------------------------------

    def test_second_instance_sees_acknowledged_records_at_once(self, make_backend: MakeBackend) -> None:
        writer, reader = make_backend(), make_backend()
        writer.append(examples())
        assert list(reader.records(EVERYTHING)) == newest_first(examples())
        writer.append([make_record(99)])
        assert make_record(99) in list(reader.records(EVERYTHING))
        writer.close()
        reader.close()

    def test_records_survive_close(self, make_backend: MakeBackend) -> None:
        first = make_backend()
        first.append(examples())
        first.close()
        second = make_backend()
        second.append([make_record(99)])
        assert list(second.records(EVERYTHING)) == newest_first([*examples(), make_record(99)])
        second.close()

    def test_closing_twice_is_no_error(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append(examples())
        backend.close()
        backend.close()
        unused = make_backend()
        unused.close()
        unused.close()

    def test_backend_is_usable_after_close(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append([make_record(1)])
        backend.close()
        assert ids(backend.records(EVERYTHING)) == [make_record(1).record_id]


def _breaks_off(backend: StorageBackend, batch: BrokenBatch) -> bool:
    """Append the batch and return whether that failed; a backend that does not iterate may acknowledge it."""
    try:
        backend.append(batch)
    except OSError:
        return True
    return False
