"""The scale: what rows weigh that come and go in any order of stretches."""

from __future__ import annotations

from collections import deque
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.collecting.scale import ITEM_BYTES, ROW_BYTES, Scale

ROW = ROW_BYTES + 2 * ITEM_BYTES


class Site:
    parameters = ("one",)


def row() -> tuple[Any, ...]:
    """Return what the hot path leaves of a call with one argument."""
    return (Site, 0.0, 1.0, [], None, 0.0, None, 3, int, None)


@given(st.lists(st.tuples(st.sampled_from(["come", "go", "weigh"]), st.integers(0, 300)), max_size=30))
def test_rows_that_weigh_the_same_weigh_as_many_times_that_as_there_are(steps: list[tuple[str, int]]) -> None:
    rows: deque[Any] = deque()
    scale = Scale(rows)
    for step, count in [*steps, ("weigh", 0)]:
        if step == "come":
            rows.extend(row() for _ in range(count))
        elif step == "go":
            gone = min(count, len(rows))
            for _ in range(gone):
                rows.popleft()
            scale.left += gone
        else:
            # a stretch that is partly gone is shared out in whole bytes
            assert abs(scale.weigh() - ROW * len(rows)) <= 1


def test_cleared_rows_weigh_nothing() -> None:
    rows: deque[Any] = deque(row() for _ in range(100))
    scale = Scale(rows)
    assert scale.weigh() == 100 * ROW
    rows.clear()
    scale.forget()
    assert scale.weigh() == 0


def test_scale_that_is_in_use_answers_what_it_knew_instead_of_waiting() -> None:
    rows: deque[Any] = deque(row() for _ in range(100))
    scale = Scale(rows)
    scale.weigh()
    rows.extend(row() for _ in range(100))
    with scale._lock:
        assert scale.weigh() == 100 * ROW
    assert scale.weigh() == 200 * ROW
