"""The part of the backends' suite about deleting: what a query describes is gone everywhere, and nothing else."""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureStatus
from curio_tracking.summaries import fold
from curio_tracking.testing.backend_examples import (
    EVERYTHING,
    MakeBackend,
    answer_to,
    assert_same_totals,
    examples,
    ids,
    newest_first,
    property_test,
)
from curio_tracking.testing.backend_questions import QUERIES, name_of
from curio_tracking.testing.example_records import hostile_records, make_record
from curio_tracking.testing.strategies import batches, few_texts, queries, records

DELETIONS = (*QUERIES, RecordQuery(limit=1), RecordQuery(status=FeatureStatus.FAILED, limit=1))


class DeletionContract:
    """What is gone once it is deleted."""

    @pytest.mark.parametrize("query", DELETIONS, ids=name_of)
    def test_deleted_records_are_gone_and_others_stay(self, make_backend: MakeBackend, query: RecordQuery) -> None:
        backend, reader = make_backend(), make_backend()
        backend.append(examples())
        gone = answer_to(replace(query, limit=0), examples())
        kept = [record for record in newest_first(examples()) if record not in gone]
        assert backend.delete(query) == len(gone)
        assert list(backend.records(EVERYTHING)) == kept
        assert list(reader.records(EVERYTHING)) == kept
        assert_same_totals(reader.summaries(SummaryQuery()), fold(kept, SummaryQuery().group_by).values())
        backend.close()
        reader.close()

    def test_deleting_again_finds_nothing(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append(examples())
        query = RecordQuery(user_ids=frozenset({"u1"}))
        backend.delete(query)
        assert backend.delete(query) == 0
        backend.close()

    @property_test
    @given(data=st.data())
    def test_filters_delete_what_they_describe_alone_and_together(
        self, make_backend: MakeBackend, data: st.DataObject
    ) -> None:
        batch = data.draw(batches(records(text=few_texts(), more=st.just({}))))
        query = data.draw(queries(batch))
        backend = make_backend()
        try:
            backend.append(batch)
            gone = ids(answer_to(replace(query, limit=0), batch))
            assert backend.delete(query) == len(gone)
            kept = [record for record in newest_first(batch) if record.record_id not in gone]
            assert list(backend.records(EVERYTHING)) == kept
            assert_same_totals(backend.summaries(SummaryQuery()), fold(kept, SummaryQuery().group_by).values())
        finally:
            backend.delete(EVERYTHING)
            backend.close()

    def test_user_of_a_hostile_name_is_deleted_alone(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        batch = hostile_records()
        backend.append(batch)
        for position, record in enumerate(batch):
            assert backend.delete(RecordQuery(user_ids=frozenset({str(record.user_id)}))) == 1
            if position % 16 == 0:
                assert ids(backend.records(EVERYTHING)) == ids(newest_first(batch[position + 1 :]))
        backend.close()

    def test_backend_goes_on_after_a_deletion(self, make_backend: MakeBackend) -> None:
        backend, reader = make_backend(), make_backend()
        backend.append(examples())
        backend.delete(EVERYTHING)
        # the same ids may come again: an import brings back what was deleted
        backend.append([*examples()[:3], make_record(99)])
        assert list(reader.records(EVERYTHING)) == newest_first([*examples()[:3], make_record(99)])
        backend.close()
        reader.close()
