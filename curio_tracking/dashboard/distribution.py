"""How long a feature's calls took: its histogram in a handful of steps that people can read.

Between `LogHistogram`'s 1 % bins and the feature page. Imports sketches only.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10
from typing import Final

from curio_tracking.sketches import SMALLEST, LogHistogram, middle_of

COARSE: Final = (1.0, 2.0, 5.0)
FINE: Final = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
FEWEST_STEPS: Final = 5


@dataclass(slots=True)
class Step:
    """The calls that took longer than `above` and at most `up_to` seconds; `weight` is how many."""

    above: float
    up_to: float
    weight: float = 0.0


def steps(durations: LogHistogram) -> list[Step]:
    """Return the distribution from the shortest to the longest step, empty ones in between included."""
    values = sorted((_value(index), weight) for index, weight in durations.bins.items() if weight > 0)
    if not values:
        return []
    coarse = _filled(values, COARSE)
    return coarse if len(coarse) >= FEWEST_STEPS else _filled(values, FINE)


def _value(index: int) -> float:
    return max(SMALLEST, middle_of(index))


def _filled(values: list[tuple[float, float]], marks: tuple[float, ...]) -> list[Step]:
    edges = _edges(values[0][0], values[-1][0], marks)
    found = [Step(above, up_to) for above, up_to in pairwise(edges)]
    for value, weight in values:
        found[max(0, bisect_left(edges, value) - 1)].weight += weight
    return found


def _edges(shortest: float, longest: float, marks: tuple[float, ...]) -> list[float]:
    """Return marks times powers of ten that enclose both values."""
    decades = range(floor(log10(shortest)) - 1, floor(log10(longest)) + 2)
    # parsed from text: 2 * 10**-3 is not exactly 0.002
    edges = [float(f"{mark}e{decade}") for decade in decades for mark in marks]
    first = max(0, bisect_left(edges, shortest) - 1)
    return edges[first : bisect_left(edges, longest) + 1]
