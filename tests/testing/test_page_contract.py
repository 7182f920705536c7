"""The pages' suite lets a sound page pass and notices each of the faults that pages have."""

from __future__ import annotations

from collections.abc import Callable

import broken_pages
import pytest

BROKEN = {name: test for name, test in broken_pages.CAUGHT_BY.items() if test}
SOUND = [name for name, test in broken_pages.CAUGHT_BY.items() if not test]


@pytest.mark.parametrize("name", BROKEN)
def test_broken_page_is_caught(name: str, failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert BROKEN[name] in failures_of(broken_pages)[name]


@pytest.mark.parametrize("name", SOUND)
def test_sound_page_passes(name: str, failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert failures_of(broken_pages)[name] == set()


def test_every_promise_has_a_page_that_breaks_it() -> None:
    assert broken_pages.SUITES.unbroken() == set()
