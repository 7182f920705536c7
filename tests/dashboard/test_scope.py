from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.dashboard.scope import MOST_ROWS, Scope, page_url, read_limit, read_query, with_query
from curio_tracking.dashboard.views.sorting import ORDERS, in_order
from curio_tracking.errors import QueryError
from curio_tracking.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(since=TEXT, until=TEXT, category=TEXT, status=TEXT, feature_name=TEXT)
def test_scope_reads_back_from_the_address_it_writes(feature_name: str, **filters: str) -> None:
    scope = Scope(**{name: text.strip() for name, text in filters.items()}, feature_name=feature_name)
    url = scope.url("/pages/features", feature_name=feature_name)
    assert Scope.of(read_query(urlsplit(url).query)) == scope
    assert url.isascii()


@given(st.dictionaries(TEXT.filter(bool), TEXT.filter(bool), max_size=5))
def test_parameters_survive_the_address(parameters: dict[str, str]) -> None:
    assert read_query(urlsplit(with_query("/x", parameters)).query) == parameters


@given(st.text(max_size=20))
def test_address_of_a_page_has_one_part_whatever_the_slug(slug: str) -> None:
    if slug != "overview":
        assert page_url(slug).count("/") == 2


def test_repeated_parameter_counts_once() -> None:
    assert read_query("a=1&a=2&b=") == {"a": "2", "b": ""}


@given(st.text(max_size=12))
def test_limit_is_a_number_of_rows_or_an_error(text: str) -> None:
    try:
        limit = read_limit({"limit": text})
    except QueryError:
        return
    assert 1 <= limit <= MOST_ROWS


def test_order_puts_what_has_no_figure_last(record: Callable[..., Any]) -> None:
    parts = [Summary({"feature_name": name, "category": "other"}) for name in ("none", "slow", "fast")]
    parts[1].add(record(1, duration=9.0))
    parts[2].add(record(2, duration=1.0))
    assert [part.feature_name for part in in_order(parts, "avg_duration")] == ["slow", "fast", "none"]


@pytest.mark.parametrize("sort", sorted(ORDERS))
def test_every_order_sorts_features_with_and_without_calls(record: Callable[..., Any], sort: str) -> None:
    parts = [Summary({"feature_name": name, "category": "other"}) for name in "abc"]
    parts[1].add(record(1))
    assert len(in_order(parts, sort)) == 3
