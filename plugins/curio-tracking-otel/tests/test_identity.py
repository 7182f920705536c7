"""Ids of spans and traces."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.testing import strategies
from curio_tracking_otel.identity import span_id, trace_id


@given(strategies.texts())
def test_a_span_id_is_a_valid_id_and_always_the_same(record_id):
    assert 0 < span_id(record_id) == span_id(record_id) < 1 << 64


@given(st.lists(strategies.texts(), unique=True))
def test_different_records_have_different_span_ids(record_ids):
    assert len({span_id(record_id) for record_id in record_ids}) == len(record_ids)


@given(strategies.records(), strategies.records(), strategies.texts())
def test_records_of_one_outermost_call_share_a_trace(one, other, root):
    assert trace_id(replace(one, root_id=root)) == trace_id(replace(other, root_id=root))


@given(strategies.records(), strategies.records())
def test_without_the_outermost_call_a_child_is_in_the_trace_of_its_parent(parent, child):
    assert trace_id(replace(child, parent_id=parent.record_id)) == trace_id(replace(parent, parent_id=None))
