"""The part of the backends' suite about asking: every filter, alone and together, newest first, up to the limit."""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

from dataclasses import fields
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureStatus
from curio_tracking.testing.backend_examples import (
    EVERYTHING,
    STRANGE_NAME,
    TWO_DAYS_US,
    MakeBackend,
    answer_to,
    examples,
    ids,
    newest_first,
    property_test,
)
from curio_tracking.testing.example_records import START_US, hostile_records, make_record
from curio_tracking.testing.strategies import batches, few_texts, queries, records

MANY_IDS = 1_500
QUERIES = (
    RecordQuery(feature_name="export_pdf"),
    RecordQuery(feature_name=STRANGE_NAME),
    RecordQuery(feature_name="export"),
    RecordQuery(feature_name="EXPORT_PDF"),
    RecordQuery(category="database_operation"),
    RecordQuery(category="unknown"),
    RecordQuery(status=FeatureStatus.FAILED),
    RecordQuery(user_ids=frozenset({"u1"})),
    RecordQuery(user_ids=frozenset({"u1", "u2"})),
    RecordQuery(user_ids=frozenset()),
    RecordQuery(record_ids=frozenset({make_record(3).record_id})),
    RecordQuery(record_ids=frozenset({make_record(2).record_id, make_record(4).record_id, "unknown"})),
    RecordQuery(record_ids=frozenset()),
    RecordQuery(since_us=START_US + 2),
    RecordQuery(until_us=START_US + 2),
    RecordQuery(since_us=START_US + 1, until_us=START_US + 3),
    RecordQuery(since_us=START_US + 3, until_us=START_US + 1),
    RecordQuery(since_us=START_US + TWO_DAYS_US),
    RecordQuery(since_us=-(10**18), until_us=10**18),
    RecordQuery(feature_name="export_pdf", category="other", status=FeatureStatus.SUCCESS, limit=1),
    RecordQuery(user_ids=frozenset({"u1"}), since_us=START_US + 1, limit=2),
)

CONDITIONS: dict[str, tuple[Any, ...]] = {
    "feature_name": ("export_pdf", "import_csv"),
    "category": ("file_operation", "other"),
    "status": (FeatureStatus.SUCCESS, FeatureStatus.TIMEOUT),
    "user_ids": (frozenset({"u1"}), frozenset({"u2", "nobody"})),
    "since_us": (START_US + 2, START_US + 4),
    "until_us": (START_US + 3, START_US + 5),
    "record_ids": (frozenset(make_record(number).record_id for number in (1, 2, 3, 4)), frozenset()),
    "limit": (1, 2),
}
"""Each filter with values that divide the examples."""


def pairs() -> list[RecordQuery]:
    """Return a query for every two filters and every two of their values."""
    return [
        RecordQuery(**{one: value, other: another})
        for one, other in combinations(CONDITIONS, 2)
        for value in CONDITIONS[one]
        for another in CONDITIONS[other]
    ]


def name_of(query: RecordQuery) -> str:
    """Name a test's query alike in every process: the text of a frozenset differs, and parallel runs need one name."""
    return "-".join(
        f"{spec.name}={sorted(value) if isinstance(value, frozenset) else value}"
        for spec in fields(query)
        if (value := getattr(query, spec.name)) not in (None, 0)
    )


class QuestionContract:
    """What a backend answers when it is asked for records."""

    @pytest.mark.parametrize("limit", [1, 2, 4, len(examples()), len(examples()) + 1])
    def test_limit_keeps_the_newest(self, make_backend: MakeBackend, limit: int) -> None:
        backend = make_backend()
        backend.append(examples())
        assert list(backend.records(RecordQuery(limit=limit))) == newest_first(examples())[:limit]
        backend.close()

    def test_records_of_one_moment_are_ordered_by_id_and_limited(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        batch = [make_record(number, start_us=START_US) for number in (3, 1, 4, 2)]
        backend.append(batch)
        assert list(backend.records(RecordQuery(limit=3))) == newest_first(batch)[:3]
        backend.close()

    def test_records_that_came_late_are_put_in_their_place(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        for record in examples()[::-1]:
            backend.append([record])
        assert list(backend.records(EVERYTHING)) == newest_first(examples())
        backend.close()

    @pytest.mark.parametrize("query", QUERIES, ids=name_of)
    def test_query_finds_what_it_describes(self, make_backend: MakeBackend, query: RecordQuery) -> None:
        backend = make_backend()
        backend.append(examples())
        assert list(backend.records(query)) == answer_to(query, examples())
        backend.close()

    def test_every_two_filters_find_what_both_describe(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        backend.append(examples())
        for query in pairs():
            assert list(backend.records(query)) == answer_to(query, examples()), query
        backend.close()

    @property_test
    @given(data=st.data())
    def test_filters_find_what_they_describe_alone_and_together(
        self, make_backend: MakeBackend, data: st.DataObject
    ) -> None:
        batch = data.draw(batches(records(text=few_texts(), more=st.just({}))))
        query = data.draw(queries(batch))
        backend = make_backend()
        try:
            backend.append(batch)
            assert list(backend.records(query)) == answer_to(query, batch)
        finally:
            backend.delete(EVERYTHING)
            backend.close()

    def test_record_at_since_is_in_and_at_until_is_out(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        whole_second = START_US // 1_000_000 * 1_000_000
        batch = [make_record(number, start_us=whole_second + shift) for number, shift in enumerate((-1, 0, 1))]
        backend.append(batch)
        assert list(backend.records(RecordQuery(since_us=whole_second))) == [batch[2], batch[1]]
        assert list(backend.records(RecordQuery(until_us=whole_second))) == [batch[0]]
        backend.close()

    def test_hostile_texts_are_found_by_the_filters(self, make_backend: MakeBackend) -> None:
        backend = make_backend()
        batch = hostile_records()
        backend.append(batch)
        for record in batch:
            asked = (
                RecordQuery(feature_name=record.feature_name),
                RecordQuery(category=record.category),
                RecordQuery(user_ids=frozenset({str(record.user_id)})),
            )
            assert [ids(backend.records(query)) for query in asked] == [[record.record_id]] * 3
        backend.close()

    def test_many_ids_at_once_are_found(self, make_backend: MakeBackend) -> None:
        # an import asks for as many, to know which records are there already
        backend = make_backend()
        batch = [make_record(number) for number in range(MANY_IDS)]
        backend.append(batch)
        wanted = frozenset(ids(batch[1:]))
        assert ids(backend.records(RecordQuery(record_ids=wanted))) == ids(newest_first(batch[1:]))
        backend.close()
