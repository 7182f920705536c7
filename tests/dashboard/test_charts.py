from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.dashboard.charts import bar, share, strip
from curio_tracking.dashboard.distribution import steps
from curio_tracking.sketches import LogHistogram


def widths(svg: str) -> list[float]:
    return [float(rect.attrib["width"]) for rect in ET.fromstring(svg)]


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["success", "failed"])), max_size=6))
def test_parts_of_a_bar_never_leave_it(parts: list[tuple[float, str]]) -> None:
    rects = list(ET.fromstring(strip(parts)))
    assert all(float(rect.attrib["x"]) + float(rect.attrib["width"]) <= 100.001 for rect in rects)


def test_bar_is_as_long_as_its_share() -> None:
    assert widths(bar(0.25)) == [25.0]
    assert widths(bar(0)) == widths(bar(None)) == []


def test_one_in_a_million_can_be_seen() -> None:
    assert widths(bar(1e-6)) == [0.5]


def test_tone_cannot_break_out_of_its_attribute() -> None:
    assert ET.fromstring(bar(1, '"><script>'))[0].attrib["class"] == 'tone-"><script>'


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1, 4, 0.25), (5, 4, 1), (1, 0, 0), (None, 4, 0), (1, None, 0), (float("inf"), 2, 0), (-1, 2, 0)],
)
def test_share_is_always_drawable(part: float | None, whole: float | None, expected: float) -> None:
    assert share(part, whole) == expected


def histogram(*values: float) -> LogHistogram:
    found = LogHistogram()
    for value in values:
        found.add(value)
    return found


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_steps_hold_every_call_once_and_follow_each_other(values: list[float]) -> None:
    found = steps(histogram(*values))
    assert sum(step.weight for step in found) == len(values)
    assert all(one.up_to == next_one.above for one, next_one in pairwise(found))
    assert found[0].weight > 0
    assert found[-1].weight > 0


@given(st.floats(1e-8, 1e6))
def test_call_is_in_the_step_of_its_duration_within_the_histograms_error(value: float) -> None:
    (step,) = [step for step in steps(histogram(value)) if step.weight]
    assert step.above * 0.98 <= value <= step.up_to * 1.02


def test_nothing_has_no_steps() -> None:
    assert steps(LogHistogram()) == []


def test_wide_distribution_has_few_steps_and_a_narrow_one_finer_ones() -> None:
    assert len(steps(histogram(1e-6, 1e3))) <= 3 * 10
    assert len(steps(histogram(0.011, 0.018))) > 1
