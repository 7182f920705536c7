"""Pages give everything that a store holds, newest first and once, in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.interfaces import BaseBackend
from curio_tracking.migrating.pages import pages
from curio_tracking.migrating.sides import MigrationError, Side
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.testing.backend_examples import newest_first
from curio_tracking.testing.filters import make_record


class ListBackend(BaseBackend):
    """Holds a list, in whatever order, and remembers how much it was asked for."""

    def __init__(self, kept: list[FeatureRecord]) -> None:
        self.kept = kept
        self.most_asked = 0

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        self.most_asked = max(self.most_asked, query.limit)
        yield from [record for record in self.kept if query.matches(record)][: query.limit or None]


def side(kept: list[FeatureRecord]) -> Any:
    return Side("list", ListBackend(kept))


@given(moments=st.lists(st.integers(0, 6), max_size=40), size=st.integers(1, 12))
def test_everything_comes_once_and_newest_first(moments: list[int], size: int) -> None:
    kept = newest_first([make_record(0, record_id=f"r{n}", start_us=moment) for n, moment in enumerate(moments)])
    found = list(pages(side(kept), size))
    assert [record for page in found for record in page.records] == kept


@given(count=st.integers(1, 40), size=st.integers(1, 12))
def test_no_page_is_larger_than_asked_for(count: int, size: int) -> None:
    backend = side(newest_first([make_record(n, record_id=f"r{n}") for n in range(count)]))
    assert max(len(page.records) for page in pages(backend, size)) <= size


def test_store_is_never_asked_for_more_than_a_page_and_the_last_moment() -> None:
    backend = side(newest_first([make_record(n, record_id=f"r{n:02}") for n in range(30)]))
    list(pages(backend, 5))
    assert backend.backend.most_asked == 6


class Growing(ListBackend):
    """Gets records at the moment that was read last, between any two questions."""

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        yield from list(super().records(query))
        late = [make_record(0, record_id=f"z{len(self.kept) + n:03}", start_us=5) for n in range(4)]
        self.kept = newest_first([*self.kept, *late]) if len(self.kept) < 40 else self.kept


def test_records_that_come_meanwhile_do_not_end_it_early() -> None:
    kept = [make_record(0, record_id=f"r{start_us}", start_us=start_us) for start_us in (5, 4, 3)]
    found = [record for page in pages(Side("growing", Growing(kept)), 1) for record in page.records]
    assert {"r5", "r4", "r3"} <= {record.record_id for record in found}


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_id_that_comes_twice_at_one_moment_comes_once(size: int) -> None:
    kept = [make_record(2, record_id="b"), *[make_record(1, record_id="a")] * 5, make_record(0, record_id="c")]
    found = [record.record_id for page in pages(side(kept), size) for record in page.records]
    assert found == ["b", "a", "c"]


def test_what_came_twice_is_counted() -> None:
    kept = [make_record(2, record_id="b"), *[make_record(1, record_id="a")] * 3]
    (page,) = pages(side(kept), 10)
    assert page.repeated == 2


def test_page_spans_its_records() -> None:
    kept = [make_record(0, record_id=f"r{start_us}", start_us=start_us) for start_us in (30, 20, 10)]
    (page,) = pages(side(kept), 10)
    assert (page.since_us, page.until_us) == (10, 31)


def test_store_that_breaks_the_promised_order_is_refused() -> None:
    kept = [make_record(1, record_id="a"), make_record(2, record_id="b")]
    with pytest.raises(MigrationError, match="the backend list does not list the newest records first"):
        list(pages(side(kept), 10))
