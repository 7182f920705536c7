"""The filters' suite lets a sound filter pass and notices each of the faults that filters have."""

from __future__ import annotations

from collections.abc import Callable

import broken_filters
import pytest

BROKEN = {name: test for name, test in broken_filters.CAUGHT_BY.items() if test}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_filter_is_caught(name: str, failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert BROKEN[name] in failures_of(broken_filters)[name]


def test_sound_filter_passes(failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert failures_of(broken_filters)["TestSoundFilter"] == set()


def test_every_promise_has_a_filter_that_breaks_it() -> None:
    assert broken_filters.SUITES.unbroken() == set()
